import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {instagram} from "../../connectors/instagram.ts";
import type {Cursor} from "../../connectors/plan.ts";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {accountOf, night, stateOf, streamOf} from "./night.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

/** A night of Instagram's posts after one that ended with this cursor, and the cursor that it ends with. */
async function nightAfter(day: string, isRetired: boolean, cursor?: Partial<Cursor>): Promise<Cursor> {
  sandbox.setNight(day);
  sandbox.setFaults(isRetired ? ["instagram:retired-metric"] : []);
  const account = accountOf(instagram, sandbox.accounts.find(({platform}) => platform === "instagram")!);
  const before = cursor && {read_at: "2020-06-01T20:00:00.000Z", ...cursor};
  const results = await night(instagram, account, {
    at: new Date(`${day}T20:00:00Z`),
    states: stateOf("posts", {cursor: before})
  });
  return streamOf(results, "posts").cursor!;
}

function answersToListing(): number[] {
  const asked = sandbox.requests().filter(({path}) => path.endsWith("/media"));
  return asked.map(({status}) => status);
}

describe("a refused metric", () => {
  it("goes into quarantine with the day, and is not asked for again within 30 days", async () => {
    const {refused} = await nightAfter("2020-06-28", true);
    expect(refused).toEqual({saved: "2020-06-28"});
    sandbox.resetRequests();
    expect(await nightAfter("2020-07-05", true, {refused: refused!})).toMatchObject({refused});
    expect(answersToListing()).toEqual([200]);
  });

  it("that is refused again keeps the day on which it was first, and has another 30 days", async () => {
    const refused = {saved: "2020-06-28"};
    const again = await nightAfter("2020-07-28", true, {refused});
    expect(again).toMatchObject({refused, refused_again: {saved: "2020-07-28"}});
    sandbox.resetRequests();
    const {refused_again} = again;
    expect(await nightAfter("2020-07-30", true, {refused, refused_again: refused_again!})).toMatchObject({refused});
    expect(answersToListing()).toEqual([200]);
  });

  it("that is given again leaves quarantine", async () => {
    const cursor = {refused: {saved: "2020-05-28"}, refused_again: {saved: "2020-06-27"}};
    const after = await nightAfter("2020-07-28", false, cursor);
    expect(after.refused).toBeUndefined();
    expect(after.refused_again).toBeUndefined();
  });
});
