import {describe, expect, it} from "vitest";
import {parseJson} from "../../connectors/json.ts";

describe("parseJson", () => {
  it.each([
    ['{"id":1273948643128246329}', {id: "1273948643128246329"}],
    ['{"id":-1273948643128246329}', {id: "-1273948643128246329"}],
    ["[ 9007199254740993 ]", ["9007199254740993"]],
    ["9007199254740993", "9007199254740993"],
    ['{"id":9007199254740991}', {id: Number.MAX_SAFE_INTEGER}],
    ['{"id":"1273948643128246329","n":1}', {id: "1273948643128246329", n: 1}],
    ['{"share":0.12345678901234567}', {share: 0.12345678901234566}],
    ['{"text":"see 1273948643128246329"}', {text: "see 1273948643128246329"}],
    ['{"a":1e3,"id":1273948643128246329}', {a: 1000, id: "1273948643128246329"}],
    ["null", null]
  ])("reads %s with every digit of an integer", (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  it.each(["", "{", "[1,]", "{'a':1}", "NaN", "{} {}", "<html>", "[1273948643128246329,]", "01"])(
    "refuses %j and repeats none of it",
    text => {
      let thrown: unknown;
      try {
        parseJson(`${text}`);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(SyntaxError);
      expect((thrown as SyntaxError).message).toBe("the text is not JSON, or nested too deeply");
    }
  );

  it.each(['{"__proto__":{"admin":true},"a":1}', '{"\\u005f_proto__":{"admin":true},"a":1}'])(
    "leaves a key out that could change a prototype: %s",
    text => {
      const value = parseJson(text) as Record<string, unknown>;
      expect(Object.keys(value)).toEqual(["a"]);
      expect(Object.assign({}, value).admin).toBeUndefined();
    }
  );

  it("refuses a text nested too deeply instead of ending the process", () => {
    const deep = `${"[".repeat(200_000)}1273948643128246329${"]".repeat(200_000)}`;
    expect(() => parseJson(deep)).toThrow(SyntaxError);
  });
});
