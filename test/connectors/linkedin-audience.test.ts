import {afterAll, afterEach, beforeAll, describe, expect, it} from "vitest";
import {linkedin} from "../../connectors/linkedin.ts";
import {countryCode, nameOf} from "../../connectors/linkedin-names.ts";
import {type Sandbox, startSandbox} from "../../connectors/sandbox/sandbox.ts";
import {answerBy, raw, streamFrom} from "./linkedin-server.ts";
import {sendJson, serve} from "./loopback.ts";
import {accountOf, lastNight, night, streamOf} from "./night.ts";

let demo: Sandbox;
beforeAll(async () => {
  demo = await startSandbox({only: ["linkedin"]});
});
afterAll(() => demo.close());
afterEach(() => demo.setFaults([]));

const audience = async () => streamOf(await night(linkedin, accountOf(linkedin, demo.accounts[0]!)), "audience");

describe("the audience", () => {
  it("names countries by ISO 3166, and seniorities, functions and industries by their words", async () => {
    demo.resetRequests();
    const {error, records} = await audience();
    expect(error).toBeUndefined();
    const named = (dimension: string, by = "name") =>
      records.filter(record => record.dimension === dimension).map(record => [record.category, record[by]]);
    expect(named("GeoCountry")).toEqual([
      ["103644278", "US"],
      ["105646813", "ES"],
      ["103323778", "MX"],
      ["101165590", "GB"],
      ["106693272", "CH"],
      ["100446943", "AR"],
      ["105015875", "FR"],
      ["100876405", "CO"],
      ["102713980", "IN"],
      ["106057199", "BR"],
      ["101282230", "DE"],
      ["100710459", "KE"]
    ]);
    expect(named("Seniority")).toContainEqual(["8", "CXO"]);
    expect(named("Function")).toContainEqual(["14", "Legal"]);
    expect(named("Industry", "industry")).toEqual([
      ["68", "Higher Education"],
      ["74", "International Affairs"],
      ["75", "Government Administration"],
      ["9", "Law Practice"],
      ["70", "Research Services"],
      ["100", "Non-profit Organizations"],
      ["14", "Hospitals and Health Care"]
    ]);
    expect(named("StaffCountRange")).toContainEqual(["SIZE_1", undefined]);
    expect(records.filter(({dimension}) => dimension === "Geo")).toEqual([]);
    for (const tail of ["/geo", "/industries"]) {
      expect(demo.requests().filter(({path}) => path.endsWith(tail))).toHaveLength(1);
    }
  });

  it("has the names that LinkedIn itself gives to seniorities and functions", async () => {
    const names = async (path: string) =>
      (await raw(demo, path)).map(({id, name}) => [String(id), (name as {localized: {en_US: string}}).localized.en_US]);
    for (const [facet, path] of [
      ["Seniority", "/rest/seniorities"],
      ["Function", "/rest/functions"]
    ] as const) {
      const given = await names(path);
      expect(given.length).toBeGreaterThan(5);
      expect(given.map(([number]) => [number, nameOf(facet, number!)])).toEqual(given);
    }
  });

  it("keeps the number of a place that is no country, or whose name is not given", async () => {
    const counts = {organicFollowerCount: 3, paidFollowerCount: 1};
    const places = {"1": "Türkiye", "2": "Geneva, Switzerland", "3": "Kenya"};
    await using server = await answerBy(url => {
      if (!url.pathname.endsWith("geo")) {
        const classes = Object.keys(places).map(id => ({geo: `urn:li:geo:${id}`, followerCounts: counts}));
        return {elements: [{followerCountsByGeoCountry: classes}]};
      }
      const results = Object.entries(places).map(([id, value]) => [id, {defaultLocalizedName: {value}}]);
      const errors = {"3": {status: 429, message: "wait"}};
      return {results: Object.fromEntries(results.slice(0, 2)), errors, statuses: {"3": 429}};
    });
    const {error, records} = await streamFrom(server, "audience");
    expect(error).toBeUndefined();
    expect(records).toMatchObject([
      {category: "1", value: 4, name: "TR", name_status: "ok"},
      {category: "2", value: 4, name: null, name_status: "ok"},
      {category: "3", value: 4, name: null, name_status: "failed"}
    ]);
  });

  it.each([
    ["are not permitted", 403, "ACCESS_DENIED", "not_permitted"],
    ["are withdrawn", 404, "RESOURCE_NOT_FOUND", "not_offered"]
  ])("stands without names where these %s", async (_told, status, code, reason) => {
    const followerCounts = {organicFollowerCount: 3, paidFollowerCount: 0};
    const facets = {
      followerCountsByGeoCountry: [{geo: "urn:li:geo:1", followerCounts}],
      followerCountsByIndustry: [{industry: "urn:li:industry:1", followerCounts}]
    };
    await using server = await serve((response, _index, request) => {
      const isOfNames = /(geo|industries)\?/.test(request.url!);
      sendJson(response, isOfNames ? status : 200, isOfNames ? {status, code} : {elements: [facets]});
    });
    const {error, records} = await streamFrom(server, "audience");
    expect(error).toBeUndefined();
    expect(records).toMatchObject([
      {dimension: "Industry", category: "1", industry_status: reason},
      {dimension: "GeoCountry", category: "1", name_status: reason}
    ]);
    expect(records.flatMap(({name, industry}) => name ?? industry ?? [])).toEqual([]);
  });

  it("of a small page is empty, which is no fault", async () => {
    demo.setFaults(["no-facets"]);
    demo.resetRequests();
    const {error, records, cursor} = await audience();
    expect([error, records, cursor?.read_at]).toEqual([undefined, [], lastNight.toISOString()]);
    expect(demo.requests().filter(({path}) => /\/(geo|industries)$/.test(path))).toEqual([]);
  });

  it.each([
    ["Côte d’Ivoire", "CI"],
    ["Cote d'Ivoire", "CI"],
    ["Bosnia and Herzegovina", "BA"],
    ["Saint Lucia", "LC"],
    ["Turkey", "TR"],
    ["Hong Kong SAR", "HK"],
    ["Democratic Republic of the Congo", "CD"],
    ["Congo", "CG"],
    ["Kosovo", undefined],
    ["European Union", undefined],
    ["", undefined]
  ])("reads the country %j as %s", (name, code) => {
    expect(countryCode(name)).toBe(code);
  });
});
