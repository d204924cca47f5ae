/** The promise of `docs/add-a-platform.md`: one connector file, a staging model with its twin a stream, nothing else. */
import {execFile} from "node:child_process";
import {cpSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {join} from "node:path";
import ts from "typescript";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {compiled} from "./compiled.ts";

const fixture = new URL("../fixtures/pigeon/", import.meta.url).pathname;
const page = new URL("../../docs/add-a-platform.md", import.meta.url);
const program = compiled();

/** Puts the made-up platform's files where the page says they go. */
function addPigeon(): void {
  const source = readFileSync(join(fixture, "pigeon.ts"), "utf8");
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true
  };
  const {outputText} = ts.transpileModule(source, {compilerOptions, fileName: "pigeon.ts"});
  writeFileSync(join(program, "connectors", "pigeon.js"), outputText);
  for (const file of readdirSync(fixture).filter(name => name.startsWith("stg_"))) {
    cpSync(join(fixture, file), join(program, "warehouse", "models", "staging", file));
  }
}

const posts = Array.from({length: 60}, (_, index) => ({
  id: String(9_007_199_254_741_000n + BigInt(index)),
  created_at: new Date(Date.parse("2020-06-20T08:00:00Z") - index * 86_400_000).toISOString(),
  text: `Coo ${index}`,
  language: "en",
  picture_count: index % 3,
  stats: {shown: 1000 - index, likes: 20, replies: 0, reshares: 3},
  liked_by: ["somebody"]
}));

/** The made-up platform: an account and its posts, newest first, fifty a page. */
const server = createServer((request, response) => {
  const url = new URL(request.url!, "http://127.0.0.1");
  const start = Number(url.searchParams.get("cursor") ?? 0);
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify(body));
  if (request.headers.authorization !== "Bearer coo") return answer(401, {error: "who are you"});
  if (url.pathname === "/v1/accounts/p1") return answer(200, {id: "p1", handle: "mandate", name: "M", followers: 120});
  if (url.pathname !== "/v1/accounts/p1/posts") return answer(404, {error: "no such thing"});
  const next = start + 50 < posts.length ? {next_cursor: String(start + 50)} : {};
  return answer(200, {posts: posts.slice(start, start + 50), ...next});
});

beforeAll(async () => {
  addPigeon();
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done));
});
afterAll(() => {
  server.close();
  rmSync(program, {recursive: true, force: true});
});

function megaphone(cwd: string, ...args: string[]): Promise<{code: number; stdout: string; stderr: string}> {
  return new Promise(done => {
    const cli = join(program, "pipelines", "cli.js");
    execFile(process.execPath, [cli, ...args], {cwd, env: {PATH: process.env.PATH}}, (error, stdout, stderr) =>
      done({code: error === null ? 0 : Number(error.code), stdout, stderr})
    );
  });
}

describe("a platform of two streams", () => {
  it("goes from its API to the published values with no other file changed", async () => {
    using dir = folder();
    writeFileSync(join(dir.path, ".env"), "PIGEON_TOKEN=coo\n", {mode: 0o600});
    writeFileSync(
      join(dir.path, "megaphone.yaml"),
      `organisation: Test
timezone: Europe/Zurich
accounts:
  - platform: pigeon
    id: p1
    name: COO
    auth: { token: "\${PIGEON_TOKEN}" }
    base_url: http://127.0.0.1:${(server.address() as AddressInfo).port}
`
    );
    const run = await megaphone(dir.path, "run", "--as-of", "2020-06-20");
    expect(run, run.stderr).toMatchObject({code: 0});
    const sql = async (query: string) => (await megaphone(dir.path, "sql", query, "--format", "csv")).stdout;
    expect(await sql("select count(*) as n, min(post_id) as first_id from mart.post")).toBe(
      "n,first_id\r\n60,pigeon:9007199254741000\r\n"
    );
    expect(await sql("select value, status from mart.account_metric where metric = 'followers'")).toBe(
      "value,status\r\n120,ok\r\n"
    );
    expect(
      await sql(
        `select period, value from publish.value where indicator = 'posts_published' and part = 'posts'
           and platform = 'pigeon' and account_id is null and post_type is null and language is null
           and period = 'month' and period_start = '2020-05-01'`
      )
    ).toBe("period,value\r\nmonth,31\r\n");
    expect(await sql("select sum(http_calls) as calls from meta.request")).toBe("calls\r\n3\r\n");
    const second = await megaphone(dir.path, "run", "--as-of", "2020-06-21");
    expect(second, second.stderr).toMatchObject({code: 0});
    expect(await sql("select count(*) as n from mart.post")).toBe("n\r\n60\r\n");
    expect(await sql("select note from meta.run where exit_code <> 0")).toBe("note\r\n");
  });
});

describe("the page", () => {
  it("shows the very files that were tried", () => {
    const text = readFileSync(page, "utf8");
    for (const file of readdirSync(fixture)) expect(text, file).toContain(readFileSync(join(fixture, file), "utf8"));
  });
});
