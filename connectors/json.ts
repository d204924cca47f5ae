/** Strict JSON with ids kept whole: whole numbers beyond 2^53 become text of their exact digits. */
import {isInteger, isSafeNumber, parse} from "lossless-json";

/** A digit run that may not fit a double; inside a text it costs only the slower parse. */
const long = /[:[,\s]-?\d{16,}/;

/** The value of a JSON text. Throws SyntaxError for anything else. */
export function parseJson(text: string): unknown {
  if (!long.test(text)) return JSON.parse(text);
  return parse(text, undefined, digits => (isInteger(digits) && !isSafeNumber(digits) ? digits : Number(digits)));
}
