import {describe, expect, it} from "vitest";
import {startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {ask} from "./sandbox-client.ts";

describe("the sandbox", () => {
  it("counts every request to a platform, and none to itself", async () => {
    await using own = await startedSandbox();
    const {url} = own.sandbox;
    await ask(own.sandbox, `/2/users/${own.id}?user.fields=public_metrics`);
    await ask(own.sandbox, "/2/nowhere?access_token=secret&max_results=5", "nobody");
    await fetch(`${url}/_sandbox/requests`);
    const requests = own.sandbox.requests();
    expect(requests.map(({method, path, query, status}) => ({method, path, query, status}))).toEqual([
      {method: "GET", path: `/x/2/users/${own.id}`, query: {"user.fields": "public_metrics"}, status: 200},
      {method: "GET", path: "/x/2/nowhere", query: {max_results: "5"}, status: 404}
    ]);
    own.sandbox.resetRequests();
    expect(await (await fetch(`${url}/_sandbox/requests`)).json()).toEqual([]);
  });

  it("moves its clock and switches faults over HTTP, and refuses what it does not know", async () => {
    await using own = await startedSandbox();
    const put = (what: string, body: unknown) =>
      fetch(`${own.sandbox.url}/_sandbox/${what}`, {method: "PUT", body: JSON.stringify(body)});
    expect(await (await put("night", {night: "2020-01-31"})).json()).toEqual({night: "2020-01-31", faults: []});
    expect(own.sandbox.night).toBe("2020-01-31");
    expect(await (await put("faults", {faults: ["reset"]})).json()).toEqual({night: "2020-01-31", faults: ["reset"]});
    expect((await put("night", {night: "yesterday"})).status).toBe(400);
    expect((await put("faults", {faults: ["rain"]})).status).toBe(400);
    expect((await put("weather", {})).status).toBe(404);
    expect(() => own.sandbox.setFaults(["rain"])).toThrow("no fault is called rain");
    await expect(startSandbox({night: "31.1.2020"})).rejects.toThrow("write YYYY-MM-DD");
  });

  it("gives the same answers for the same night, whatever nights came between", async () => {
    await using own = await startedSandbox("2020-06-30");
    const path = `/2/users/${own.id}/tweets?max_results=100&tweet.fields=public_metrics,non_public_metrics&expansions=attachments.media_keys&start_time=2020-06-05T00:00:00Z`;
    const first = await ask(own.sandbox, path);
    own.sandbox.setNight("2020-11-30");
    expect((await ask(own.sandbox, path)).text).not.toBe(first.text);
    own.sandbox.setNight("2020-06-30");
    expect((await ask(own.sandbox, path)).text).toBe(first.text);
    await using other = await startedSandbox("2020-06-30");
    expect((await ask(other.sandbox, path)).text).toBe(first.text);
  });
});

async function startedSandbox(night = "2020-11-30") {
  const started = await startSandbox({night, only: ["x"]});
  return {sandbox: started, id: started.accounts[0]!.id, [Symbol.asyncDispose]: () => started.close()};
}
