import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {type GraphClient, startedGraph} from "./graph-client.ts";

const p1 = "104250831157904_122091592474400055";
const unknown = "104250831157904_122091592474400999";
const listing = "/v25.0/{id}/published_posts";

let own: GraphClient;

beforeAll(async () => {
  own = await startedGraph("facebook");
});
afterAll(() => own[Symbol.asyncDispose]());

describe("the Graph API in the sandbox", () => {
  it("lives in six versions, and answers without one as the oldest", async () => {
    for (const version of ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"]) {
      const {status, headers} = await own.ask(`/${version}/me`);
      expect([status, headers.get("facebook-api-version")]).toEqual([200, version]);
    }
    expect((await own.ask("/me")).headers.get("facebook-api-version")).toBe("v21.0");
  });

  it("takes the token from the query, from the form and from the Authorization header", async () => {
    const {auth} = own.sandbox.accounts[0]!;
    const headers = {authorization: `Bearer ${auth.token}`};
    expect((await own.ask("/v25.0/me", "", {headers})).body).toEqual({name: "IE SOGI (demo)", id: own.id});
    expect((await own.batch([{method: "GET", relative_url: "me"}])).status).toBe(200);
    const wrong = await own.ask("/v25.0/me", "EAAguessed", {headers});
    expect(wrong.status).toBe(400);
  });

  it("links the next page with the token in it, whichever way it came, and ends without a next one", async () => {
    const {auth} = own.sandbox.accounts[0]!;
    const headers = {authorization: `Bearer ${auth.token}`};
    const {body} = await own.ask(`${listing}?fields=id&limit=2`, "", {headers});
    const {next, cursors} = (body as {paging: {next: string; cursors: {after: string}}}).paging;
    const url = new URL(next);
    expect(url.pathname).toBe(`/facebook/v25.0/${own.id}/published_posts`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      access_token: auth.token,
      fields: "id",
      limit: "2",
      after: cursors.after
    });
    const pages = await own.pages<{id: string}>(`/${own.id}/published_posts?fields=id&limit=30`);
    expect(pages.map(({data}) => data.length)).toEqual([30, 30, 26]);
    const last = pages.at(-1)!.paging!;
    expect(Object.keys(last)).toEqual(["cursors", "previous"]);
    const beyond = await own.read(`/${own.id}/published_posts?limit=30&after=${last.cursors!.after}`);
    expect(beyond).toEqual({data: []});
    const back = await own.ask(new URL(last.previous!).pathname.slice(9) + new URL(last.previous!).search, "");
    expect((back.body as {data: object[]}).data).toEqual(pages[1]!.data);
  });

  it("answers each item of a batch by itself", async () => {
    const items = [
      {method: "GET", relative_url: "me?fields=id"},
      {method: "GET", relative_url: `/v26.0/${p1}?fields=id`},
      {method: "GET", relative_url: `v25.0/${unknown}`},
      {method: "GET", relative_url: "v20.0/me"}
    ];
    const {status, body} = await own.batch(items);
    const answers = body as {code: number; headers: {name: string; value: string}[]; body: string}[];
    expect(status).toBe(200);
    expect(answers.map(({code}) => code)).toEqual([200, 200, 400, 400]);
    expect(answers.slice(0, 2).map(({body}) => JSON.parse(body))).toEqual([{id: own.id}, {id: p1}]);
    expect(JSON.parse(answers[2]!.body)).toMatchObject({error: {code: 100, error_subcode: 33}});
    expect(answers[1]!.headers).toContainEqual({name: "facebook-api-version", value: "v26.0"});
    expect(answers[2]!.headers.map(({name}) => name)).toEqual(
      expect.arrayContaining(["www-authenticate", "x-app-usage"])
    );
    const bare = (await own.batch(items, {include_headers: "false"})).body as object[];
    expect(bare.map(item => Object.keys(item))).toEqual(Array(4).fill(["code", "body"]));
    const fifty = (await own.batch(Array(50).fill(items[0]))).body as object[];
    expect(fifty).toHaveLength(50);
  });

  it("counts every item of a batch and every id as a call", async () => {
    await using fresh = await startedGraph("facebook");
    const used = async (): Promise<number> => {
      const usage = (await fresh.ask("/v25.0/me")).headers.get("x-business-use-case-usage")!;
      const [shares] = (JSON.parse(usage) as Record<string, {type: string; call_count: number}[]>)[fresh.id]!;
      expect(shares!.type).toBe("pages");
      return shares!.call_count;
    };
    expect(await used()).toBe(0);
    const item = {method: "GET", relative_url: `?ids=${Array(50).fill(p1)}&fields=id`};
    await fresh.batch(Array(40).fill(item));
    expect(await used()).toBe(1);
  });

  it("answers several ids by id", async () => {
    const body = await own.read(`/?ids=${p1},${own.id}&fields=id`);
    expect(body).toEqual({[p1]: {id: p1}, [own.id]: {id: own.id}});
    const counted = await own.read<Record<string, {data: object[]}>>(
      `/insights?ids=${p1}&metric=post_media_view&period=lifetime`
    );
    expect(counted[p1]!.data).toHaveLength(1);
  });

  it("tells what a token is, on the real clock", async () => {
    const {auth, otherAuth} = own.sandbox.accounts[0]!;
    const debug = async (token: string) =>
      (await own.read<{data: Record<string, unknown>}>(`/debug_token?input_token=${token}`)).data;
    const ownToken = await debug(auth.token!);
    expect(ownToken).toMatchObject({type: "PAGE", is_valid: true, expires_at: 0, profile_id: own.id});
    expect(ownToken.scopes).toContain("read_insights");
    expect(Number(ownToken.data_access_expires_at) - Date.now() / 1000).toBeGreaterThan(89 * 86_400);
    const user = await debug(otherAuth.user!.token!);
    expect(Number(user.expires_at) - Date.now() / 1000).toBeGreaterThan(59 * 86_400);
    expect(await debug(otherAuth.expired!.token!)).toMatchObject({is_valid: false, error: {code: 190, subcode: 463}});
    expect(await debug(otherAuth.loggedOut!.token!)).toMatchObject({is_valid: false, error: {code: 190, subcode: 467}});
    expect(await debug("EAAguessed")).toEqual({
      error: {code: 190, message: "Invalid OAuth access token - Cannot parse access token"},
      is_valid: false,
      scopes: []
    });
  });
});
