import {chmodSync, mkdirSync, mkdtempSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Connector} from "../../connectors/connector.ts";
import {ConfigError} from "../../connectors/errors.ts";
import {type LoadOptions, loadSettings, type Settings} from "../../pipelines/settings.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";

const platform = {
  platform: "example",
  apiVersion: "7",
  auth: [
    {scheme: "bearer", keys: ["token"], userContext: false},
    {scheme: "oauth2", keys: ["client_id", "client_secret", "refresh_token"], userContext: true}
  ]
} as unknown as Connector;

const account = `
  - platform: example
    id: 99999999999999999999
    name: ours
    auth:
      token: \${EXAMPLE_TOKEN}
`;

function folder(files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), "megaphone-settings-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text, {mode: 0o600});
  return path;
}

function load(yaml: string, options: Partial<LoadOptions> = {}): Promise<Settings> {
  return loadSettings({
    cwd: folder({"megaphone.yaml": yaml, ".env": "EXAMPLE_TOKEN=canary-from-file\n"}),
    env: {},
    required: true,
    secrets: true,
    platforms: new Map([["example", platform]]),
    ...options
  });
}

async function refusal(yaml: string, options: Partial<LoadOptions> = {}): Promise<string> {
  const error = await load(yaml, options).then(
    () => undefined,
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
}

describe("settings", () => {
  it("have the contract's defaults", async () => {
    const settings = await load("organisation: Example Mandate\n");
    expect(settings).toMatchObject({
      organisation: "Example Mandate",
      timezone: "UTC",
      schedule: "30 1 * * *",
      report: {languages: ["en"], periods: ["last-month", "last-quarter"], ranges: {}},
      disclosure: {geography: "un_group"},
      refresh: {daily: 14, weekly: 90, monthly: 730, audience: 7},
      accounts: [],
      keepOriginalsDays: 30,
      alerts: {},
      secrets: []
    });
  });

  it("look paths up beside the file, and take --data from the working folder", async () => {
    const cwd = folder({});
    mkdirSync(join(cwd, "conf"));
    writeFileSync(join(cwd, "conf", "mine.yaml"), "data_dir: ./store\ninbox: ../in\n");
    const options = {cwd, config: "conf/mine.yaml"};
    expect(await load("", options)).toMatchObject({
      file: join(cwd, "conf", "mine.yaml"),
      dataDir: join(cwd, "conf", "store"),
      registers: join(cwd, "conf", "registers"),
      inbox: join(cwd, "in"),
      credentialsPath: join(cwd, "conf", "credentials.json")
    });
    expect((await load("", {...options, data: "other"})).dataDir).toBe(join(cwd, "other"));
  });

  it("keep every digit of an id, fill in the API version and read secrets from .env", async () => {
    const settings = await load(`accounts:${account}`);
    expect(settings.accounts).toEqual([
      {
        platform: "example",
        kind: "page",
        id: "99999999999999999999",
        aliases: [],
        name: "ours",
        apiVersion: "7",
        auth: {token: "canary-from-file"}
      }
    ]);
    expect(settings.secrets).toEqual(["canary-from-file"]);
  });

  it("read how many ids go into a call", async () => {
    const settings = await load(`accounts:${account}\n    ids_per_call: 100\n`);
    expect(settings.accounts[0]).toMatchObject({idsPerCall: 100});
  });

  it("let the environment win over .env", async () => {
    const settings = await load(`accounts:${account}`, {env: {EXAMPLE_TOKEN: "canary-from-environment"}});
    expect(settings.secrets).toEqual(["canary-from-environment"]);
  });

  it("need no secret where the command calls no platform", async () => {
    const settings = await load(`accounts:${account.replace("EXAMPLE_TOKEN", "NOT_SET")}`, {secrets: false});
    expect(settings.accounts[0]).not.toHaveProperty("auth");
    expect(settings.secrets).toEqual([]);
  });

  it("read ranges and durations", async () => {
    const settings = await load(
      "report: { ranges: { last-15-months: 2019-08-31..2020-11-30 }, periods: [2020, 2020-Q3] }\nrefresh: { daily: 3d }\n"
    );
    expect(settings.report.ranges).toEqual({"last-15-months": {from: "2019-08-31", to: "2020-11-30"}});
    expect(settings.report.periods).toEqual(["2020", "2020-Q3"]);
    expect(settings.refresh.daily).toBe(3);
  });

  it("warn when others can read .env", async () => {
    const cwd = folder({"megaphone.yaml": `accounts:${account}`, ".env": "EXAMPLE_TOKEN=canary\n"});
    chmodSync(join(cwd, ".env"), 0o644);
    const warnings: string[] = [];
    await load("", {cwd, warn: message => warnings.push(message)});
    expect(warnings).toEqual([`${join(cwd, ".env")} can be read by others on this machine; chmod 600 it`]);
  });

  it("come from the published edition's calendar where there is no file", async () => {
    const cwd = folder({});
    mkdirSync(join(cwd, "data", "published"), {recursive: true});
    const options = {cwd, data: "data", required: false, secrets: false};
    expect(await load("", {...options, data: "empty"})).toMatchObject({timezone: "UTC", accounts: []});
    {
      await using warehouse = await Warehouse.open(join(cwd, "data", "published", "warehouse.duckdb"));
      await warehouse.exec("create schema publish");
      await warehouse.exec(
        "create table publish.edition as select 'Example Mandate' as organisation, 'Europe/Zurich' as timezone"
      );
    }
    const settings = await load("", options);
    expect(settings).toMatchObject({organisation: "Example Mandate", timezone: "Europe/Zurich"});
    expect(settings).not.toHaveProperty("file");
    expect((await load("", {...options, onlyFolder: true})).timezone).toBe("UTC");
  });
});

describe("settings are refused, with file, line and key,", () => {
  const cases: [string, string, string][] = [
    [
      "for an unknown key",
      "organisation: A\ntimezon: UTC\n",
      "megaphone.yaml line 2, timezon: unknown key; did you mean timezone?"
    ],
    [
      "for an unknown key that is near to none",
      "refresh:\n  daily: 14d\n  zzzzzzzz: 1d\n",
      "megaphone.yaml line 3, refresh.zzzzzzzz: unknown key; known: daily, weekly, monthly, audience"
    ],
    [
      "for more ids a call than any platform takes",
      `accounts:${account}\n    ids_per_call: 101\n`,
      "megaphone.yaml line 8, accounts[0].ids_per_call: expected a whole number from 1 to 100"
    ],
    [
      "for a literal secret, which is not repeated",
      `accounts:${account.replace(/\$.*/, "canary-literal")}`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what the user is told to write
      "megaphone.yaml line 6, accounts[0].auth.token: a literal secret; write ${NAME} and put the value into .env or the environment"
    ],
    [
      "for a variable that is not set",
      `accounts:${account.replace("EXAMPLE_TOKEN", "NOT_SET")}`,
      "megaphone.yaml line 6, accounts[0].auth.token: the variable NOT_SET is not set; put it into .env or the environment"
    ],
    [
      "for keys of auth that the platform does not take",
      `accounts:${account.replace("token:", "key:")}`,
      "megaphone.yaml line 5, accounts[0].auth: example takes token, or client_id + client_secret + refresh_token"
    ],
    [
      "for a platform without a connector",
      `accounts:${account.replace("example", "elsewhere")}`,
      "megaphone.yaml line 2, accounts[0].platform: no connector for this platform; there are: example"
    ],
    [
      "for a name and an id that two accounts share",
      `accounts:${account}${account}`,
      "megaphone.yaml line 9, accounts[1].id: another account of the platform has this id\n" +
        "megaphone.yaml line 10, accounts[1].name: another account has this name; names are unique"
    ],
    [
      "for a missing key, at the nearest line there is",
      "accounts:\n  - platform: example\n    id: '1'\n",
      "megaphone.yaml line 2, accounts[0].name: is missing"
    ],
    [
      "for a zone that there is not",
      "timezone: Europe/Zuerich\n",
      "megaphone.yaml line 1, timezone: no IANA time zone, such as Europe/Zurich"
    ],
    [
      "for an offset in place of a zone",
      'timezone: "+01:00"\n',
      "megaphone.yaml line 1, timezone: no IANA time zone, such as Europe/Zurich"
    ],
    [
      "for plain http beyond loopback",
      `accounts:${account}    base_url: http://api.example.org\n`,
      "megaphone.yaml line 7, accounts[0].base_url: expected https, or http on loopback, without a user name or query"
    ],
    [
      "for a duration without its unit",
      "refresh:\n  weekly: 90\n",
      "megaphone.yaml line 2, refresh.weekly: expected a number of days, such as 14d"
    ],
    [
      "for a range that ends before it begins",
      "report:\n  ranges:\n    odd: 2020-11-30..2019-08-31\n",
      "megaphone.yaml line 3, report.ranges.odd: expected two dates, the earlier first"
    ],
    [
      "for a schedule of too few fields",
      "schedule: 30 1 *\n",
      "megaphone.yaml line 1, schedule: expected a cron expression of five fields, such as 30 1 * * *"
    ],
    [
      "for a geography that there is not",
      "disclosure: { geography: mine }\n",
      'megaphone.yaml line 1, disclosure.geography: expected one of "un_group"|"m49"|"narrative_2020"'
    ],
    [
      "for broken YAML, of which nothing is repeated",
      "organisation: A\naccounts: [canary-in-broken-yaml\n",
      "megaphone.yaml line 3: no valid YAML (bad indent)"
    ],
    [
      "for a key that is given twice",
      "organisation: A\norganisation: B\n",
      "megaphone.yaml line 2: no valid YAML (duplicate key)"
    ]
  ];
  it.each(cases)("%s", async (_name, yaml, message) => {
    expect(await refusal(yaml)).toBe(message);
  });

  it("for plain http on loopback they are not", async () => {
    const settings = await load(`accounts:${account}    base_url: http://127.0.0.1:4010/example/\n`);
    expect(settings.accounts[0]?.baseUrl).toBe("http://127.0.0.1:4010/example");
  });

  it("for a secret with a line break in it", async () => {
    const message = await refusal(`accounts:${account}`, {env: {EXAMPLE_TOKEN: "canary\r\nX-Evil: 1"}});
    expect(message).toBe(
      "megaphone.yaml line 6, accounts[0].auth.token: the value of EXAMPLE_TOKEN holds control characters"
    );
  });

  it("while Node would write secrets out by itself", async () => {
    const yaml = `accounts:${account}`;
    expect(await refusal(yaml, {env: {NODE_OPTIONS: "--report-on-signal"}})).toMatch(
      /^Node runs with --report-on-signal/
    );
    expect(await refusal(yaml, {env: {NODE_DEBUG: "http"}})).toMatch(/^NODE_DEBUG is set/);
  });

  it("when the file is not there, or is none", async () => {
    const cwd = folder({});
    expect(await refusal("", {cwd, config: "other.yaml"})).toBe("other.yaml: there is no such file");
    expect(await refusal("", {cwd, config: "."})).toBe(`${cwd} cannot be read (EISDIR)`);
    expect(await refusal("", {cwd})).toMatch(
      /^no megaphone.yaml in .*; write one there, or name one with --config FILE$/
    );
    expect(await refusal("", {cwd, required: false})).toMatch(/or the data folder with --data DIR$/);
  });
});
