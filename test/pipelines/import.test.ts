import {spawnSync} from "node:child_process";
import {copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, describe, expect, it} from "vitest";
import {folder} from "../warehouse/warehouse-fixture.ts";
import {compiled} from "./compiled.ts";

const program = compiled();
afterAll(() => rmSync(program, {recursive: true, force: true}));

const exported = join(import.meta.dirname, "..", "..", "..", "shared", "exports");
const files = join(exported, "files", "x");

function megaphone(args: string[], cwd: string) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [join(program, "pipelines", "cli.js"), ...args], {
    cwd,
    encoding: "utf8"
  });
  return {code: status, stdout, stderr};
}

const header =
  '"Tweet id","Tweet permalink","Tweet text","time","impressions","engagements","engagement rate","retweets","replies","likes","user profile clicks","url clicks","hashtag clicks","detail expands","permalink clicks","follows","media views","promoted impressions"';

/** A classic export of one post, with the id of 7 June 2021, 18:51 UTC. */
function classic(impressions: string): string {
  return `${header}\n"1401978352047022084","https://twitter.com/mandate/status/1401978352047022084","Report &amp; call","2021-06-07 18:51 +0000","${impressions}","5.0","0.1","1.0","0.0","3.0","0.0","1.0","0.0","2.0","0.0","0.0","0.0","-"\n`;
}

describe("import", () => {
  it.skipIf(!existsSync(files))(
    "loads the classic files of X into an empty folder with the sums of the originals",
    () => {
      using dir = folder();
      const paths = readdirSync(files)
        .filter(name => name.startsWith("classic_"))
        .map(name => join(files, name));
      expect(megaphone(["import", ...paths, "--data", "D"], dir.path)).toMatchObject({code: 0});
      const lines = readFileSync(join(exported, "expected.csv"), "utf8")
        .split("\n")
        .filter(line => line.startsWith("x/classic_"));
      const column = (index: number) => lines.map(line => line.split(",")[index]!);
      const sum = (index: number) => String(column(index).reduce((total, cell) => total + Number(cell), 0));
      const sql = `select count(*) as n, sum(impressions) as i, sum(engagements) as e, sum(reactions) as r, sum(comments) as c,
      sum(shares) as s, sum(link_clicks) as l, strftime(min(p.published_at), '%Y-%m-%dT%H:%M') as first,
      strftime(max(p.published_at), '%Y-%m-%dT%H:%M') as last from mart.post_latest join mart.post as p using (post_id)`;
      const row = megaphone(["sql", "--data", "D", sql, "--format", "csv"], dir.path).stdout.split("\r\n")[1];
      const minute = (index: number, pick: "first" | "last") =>
        column(index)
          .sort()
          .at(pick === "first" ? 0 : -1)!
          .slice(0, 16);
      expect(row).toBe(
        [sum(4), sum(5), sum(8), sum(9), sum(10), sum(11), sum(13), minute(17, "first"), minute(18, "last")].join(",")
      );
      const report = megaphone(["report", "--data", "D"], dir.path);
      expect(report.code).toBe(0);
      const page = readFileSync(report.stdout.trim(), "utf8");
      expect(page).toContain("1 December 2016");
      expect(page).toContain("7 June 2021");
    }
  );

  it.skipIf(!existsSync(files))("asks for the account of a file that names none", () => {
    using dir = folder();
    const daily = join(files, readdirSync(files).find(name => name.startsWith("daily_"))!);
    const refused = megaphone(["import", daily, "--data", "D"], dir.path);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--account NAME");
    expect(megaphone(["import", daily, "--data", "D", "--account", "banklessDAO"], dir.path)).toMatchObject({code: 0});
    const sql = "select count(*) as n, sum(value) as v from mart.account_metric where metric = 'impressions'";
    expect(megaphone(["sql", "--data", "D", sql, "--format", "csv"], dir.path).stdout).toBe("n,v\r\n31,1085952\r\n");
    // Days of an account say nothing of how many posts there were.
    const posts = "select count(*) as n from publish.value where indicator = 'posts_published'";
    expect(megaphone(["sql", "--data", "D", posts, "--format", "csv"], dir.path).stdout).toBe("n\r\n0\r\n");
    const other = megaphone(["import", daily, "--data", "D", "--account", "bankless"], dir.path);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("was imported before, for banklessDAO");
  });

  it("changes nothing when a file comes again, and adds a reading when a newer one does", () => {
    using dir = folder();
    const readings = [
      "sql",
      "--data",
      "D",
      "select count(*) as n, max(value) as v from mart.post_metric where metric = 'impressions'",
      "--format",
      "csv"
    ];
    writeFileSync(join(dir.path, "a.csv"), classic("50.0"));
    copyFileSync(join(dir.path, "a.csv"), join(dir.path, "again.csv"));
    expect(megaphone(["import", "a.csv", "--data", "D"], dir.path)).toMatchObject({code: 0});
    expect(megaphone(readings, dir.path).stdout).toBe("n,v\r\n1,50\r\n");
    expect(megaphone(["status", "--data", "D"], dir.path).stdout).toContain("mandate (x): ok, last success ");
    const again = megaphone(["import", "again.csv", "--data", "D"], dir.path);
    expect(again).toMatchObject({code: 0});
    expect(again.stdout).toContain("was imported before; nothing changed");
    expect(megaphone(readings, dir.path).stdout).toBe("n,v\r\n1,50\r\n");
  });

  it("goes on with a file of two accounts whose import was killed between them", () => {
    using dir = folder();
    const other = classic("70.0").split("\n")[1]!.replaceAll("1401978352047022084", "1401978352047022099");
    writeFileSync(join(dir.path, "a.csv"), `${classic("50.0")}${other.replaceAll("/mandate/", "/other/")}\n`);
    const posts = ["sql", "--data", "D", "select count(*) as n, count(distinct account_id) as a from mart.post"];
    expect(megaphone(["import", "a.csv", "--data", "D"], dir.path)).toMatchObject({code: 0});
    const manifest = join(dir.path, "D", "landing", "manifest.ndjson");
    const [first, second] = readFileSync(manifest, "utf8").split("\n");
    expect(JSON.parse(second!)).toMatchObject({account: {name: "other"}});
    writeFileSync(manifest, `${first}\n${second!.slice(0, 40)}`);
    const again = megaphone(["import", "a.csv", "--data", "D"], dir.path);
    expect(again).toMatchObject({code: 0});
    expect(again.stdout).not.toContain("was imported before");
    expect(megaphone([...posts, "--format", "csv"], dir.path).stdout).toBe("n,a\r\n2,2\r\n");
    expect(megaphone(["import", "a.csv", "--data", "D"], dir.path).stdout).toContain("was imported before");
  });

  it("keeps each rejected row with its file, line, column and reason, and loads the rest", () => {
    using dir = folder();
    const bad = classic("50.0")
      .split("\n")[1]!
      .replaceAll("1401978352047022084", "1401978352047022085")
      .replace('"50.0"', '"many"');
    writeFileSync(join(dir.path, "a.csv"), `${classic("50.0")}${bad}\n`);
    expect(megaphone(["import", "a.csv", "--data", "D"], dir.path)).toMatchObject({code: 3});
    const sql = "select file, row, column_name from meta.rejected";
    expect(megaphone(["sql", "--data", "D", sql, "--format", "csv"], dir.path).stdout).toBe(
      "file,row,column_name\r\na.csv,3,impressions\r\n"
    );
  });

  it("joins the post of a file and of the API by its id, and says of each reading where it is from", () => {
    using dir = folder();
    writeFileSync(join(dir.path, "a.csv"), classic("50.0"));
    megaphone(["import", "a.csv", "--data", "D"], dir.path);
    const sql = "select post_id, source, text from mart.post";
    expect(megaphone(["sql", "--data", "D", sql, "--format", "csv"], dir.path).stdout).toBe(
      "post_id,source,text\r\nx:1401978352047022084,export,Report & call\r\n"
    );
  });

  it("takes a folder with the files in it, and not the data that it keeps there itself", () => {
    using dir = folder();
    writeFileSync(join(dir.path, "a.csv"), classic("50.0"));
    expect(megaphone(["import", "a.csv", "--data", "D"], dir.path)).toMatchObject({code: 0});
    const again = megaphone(["import", ".", "--data", "D", "--json"], dir.path);
    expect(again.code).toBe(0);
    const {files} = JSON.parse(again.stdout) as {files: {file: string; state: string}[]};
    expect(files.map(({file, state}) => `${file} ${state}`)).toEqual(["a.csv known"]);
  });

  it("refuses what is no export file, by its name", () => {
    using dir = folder();
    mkdirSync(join(dir.path, "in"));
    writeFileSync(join(dir.path, "in", "notes.csv"), "a,b\n1,2\n");
    const ended = megaphone(["import", "in", "--data", "D"], dir.path);
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain("notes.csv");
  });
});
