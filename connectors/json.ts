/** Strict JSON in which an integer that a double cannot hold stays whole, as the text of its digits. */
import {parse} from "lossless-json";

/** A number of 16 digits or more where one may start outside a string; a text may hold one too, which costs time only. */
const mayHoldLongNumber = /(?:^|[:,[\s-])\d{16}/;
const mayHoldPrototypeKey = /__proto__|\\u005f/i;

/**
 * The value of a JSON text. Integers beyond ±(2^53 − 1) become strings of their exact digits; of equal keys the last
 * one counts; a key `__proto__` is left out, so that no copy of the value can change a prototype.
 *
 * Throws SyntaxError, whose message holds nothing of the text.
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = mayHoldLongNumber.test(text)
      ? parse(text, null, {parseNumber: exactNumber, onDuplicateKey: ({newValue}) => newValue})
      : JSON.parse(text);
    return mayHoldPrototypeKey.test(text) ? withoutPrototypeKeys(value) : value;
  } catch {
    throw new SyntaxError("the text is not JSON, or nested too deeply");
  }
}

function exactNumber(digits: string): number | string {
  const value = Number(digits);
  return Number.isSafeInteger(value) || /[.e]/i.test(digits) ? value : digits;
}

function withoutPrototypeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypeKeys);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== "__proto__");
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutPrototypeKeys(inner)]));
}
