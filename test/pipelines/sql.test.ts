import {once} from "node:events";
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync} from "node:fs";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {PassThrough, Readable} from "node:stream";
import {tableFromIPC} from "apache-arrow";
import {beforeAll, describe, expect, it} from "vitest";
import {ConfigError, MegaphoneError} from "../../connectors/errors.ts";
import type {Context, SqlOptions} from "../../pipelines/context.ts";
import {createLog} from "../../pipelines/log.ts";
import type {Settings} from "../../pipelines/settings.ts";
import {sql} from "../../pipelines/sql.ts";
import {Warehouse} from "../../warehouse/warehouse.ts";

const everyType = `select * from (values
  (true, 1::tinyint, 2::smallint, 3::integer, 9007199254740993::bigint, 5::hugeint, 1.5::double, 0.25::float,
   1234.50::decimal(10, 2), 'a "b", c', date '2020-02-29', timestamptz '2020-03-29 01:30:00.000001+00',
   timestamp '2020-03-29 01:30:00', ['x', null], {'k': 1}),
  (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (false, -1, -2, -3, -9007199254740993, -5, -1.5, -0.25, -1234.50, '', date '1969-12-31',
   timestamptz '1969-12-31 23:59:59.5+00', timestamp '1969-12-31 23:59:59.5', [], {'k': null})
) as t(flag, tiny, small, int, big, huge, dbl, flt, dec, txt, day, moment, local, list, struct)`;

let dataDir: string;
let published: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "megaphone-sql-"));
  published = join(dataDir, "published");
  mkdirSync(published);
  for (const [name, platform] of [
    ["warehouse.duckdb", "team"],
    ["public.duckdb", "public"]
  ]) {
    await using warehouse = await Warehouse.open(join(published, name!));
    await warehouse.exec("create schema publish");
    await warehouse.exec(`create table publish.post as select '${platform}:' || i as post_id, i from range(3) t(i)`);
  }
});

function given(overrides: Partial<Context> = {}): {context: Context; out: () => Buffer; err: () => string} {
  const pieces: Buffer[] = [];
  let errors = "";
  const now = () => new Date("2020-11-30T01:30:00Z");
  const stderr = (text: string) => {
    errors += text;
  };
  const context: Context = {
    settings: async () => ({dataDir}) as Settings,
    log: createLog({level: "info", quiet: false, isTerminal: false, now, stderr}),
    json: false,
    quiet: false,
    cwd: dataDir,
    env: {},
    now,
    stdin: Readable.from([]),
    stdout: piece => pieces.push(Buffer.from(piece as string)),
    terminal: {stdin: false, stdout: false},
    ...overrides
  };
  return {context, out: () => Buffer.concat(pieces), err: () => errors};
}

const defaults: SqlOptions = {edition: "team", timeLimit: 600, memoryLimit: "1GB"};

async function ask(
  query: string,
  options: Partial<SqlOptions> = {},
  overrides: Partial<Context> = {}
): Promise<string> {
  const {context, out} = given(overrides);
  expect(await sql(context, {...defaults, query, ...options})).toBe(0);
  return out().toString();
}

async function refused(query: string, options: Partial<SqlOptions> = {}, overrides: Partial<Context> = {}) {
  const {context} = given(overrides);
  return sql(context, {...defaults, query, ...options}).then(
    () => undefined,
    (error: unknown) => error as Error
  );
}

describe("sql", () => {
  it("reads the team edition, or the public one", async () => {
    const query = "select min(post_id) as first from publish.post";
    expect(await ask(query, {format: "csv"})).toBe("first\r\nteam:0\r\n");
    expect(await ask(query, {format: "csv", edition: "public"})).toBe("first\r\npublic:0\r\n");
  });

  it("takes its query from a file or from stdin, and gives the last statement's result", async () => {
    writeFileSync(
      join(dataDir, "q.sql"),
      "create temp table t as select 1 as a;\nselect 'x' as b;\nselect a from t;\n"
    );
    const {context, out} = given();
    expect(await sql(context, {...defaults, file: "q.sql", format: "csv"})).toBe(0);
    expect(out().toString()).toBe("a\r\n1\r\n");
    const piped = given({stdin: Readable.from(["select 2 as b"])});
    expect(await sql(piped.context, {...defaults, format: "csv"})).toBe(0);
    expect(piped.out().toString()).toBe("b\r\n2\r\n");
  });

  it("says what DuckDB says of a wrong query", async () => {
    const error = await refused("select nothing from publish.post");
    expect(error).toBeInstanceOf(MegaphoneError);
    expect(error?.message).toMatch(/^Binder Error: Referenced column "nothing" not found[\s\S]*LINE 1: select nothing/);
  });

  it("says so when nothing is published yet", async () => {
    const empty = mkdtempSync(join(tmpdir(), "megaphone-sql-"));
    const error = await refused("select 1", {}, {settings: async () => ({dataDir: empty}) as Settings});
    expect(error?.message).toBe(`nothing is published yet in ${empty}; run \`megaphone run\` or \`megaphone import\``);
    expect(readdirSync(empty)).toEqual([]);
  });

  it("refuses wrong usage before anything is opened", async () => {
    const cases: [Promise<Error | undefined>, string][] = [
      [refused("select 1", {file: "q.sql"}), "give a query or --file, not both"],
      [refused("  "), "no query was given; write one after `sql`, or name a file with --file"],
      [
        refused("select 1", {format: "parquet"}, {terminal: {stdin: true, stdout: true}}),
        "parquet is not for a terminal; name a file with -o FILE, or pipe it on"
      ]
    ];
    for (const [refusal, message] of cases) {
      const error = await refusal;
      expect(error).toBeInstanceOf(ConfigError);
      expect(error?.message).toBe(message);
    }
  });

  it("stops a query when its time is over", async () => {
    const error = await refused("select count(*) from range(1000000000000) a, range(1000) b", {timeLimit: 0.2});
    expect(error?.message).toBe("the query took longer than 0.2 s; see --time-limit");
  });

  it("stops a query on Ctrl-C and gives 130", async () => {
    const {context} = given();
    const asked = sql(context, {...defaults, query: "select count(*) from range(1000000000000) a, range(1000) b"});
    const timer = setInterval(() => process.listenerCount("SIGINT") > 0 && process.emit("SIGINT"), 100);
    expect(await asked).toBe(130);
    clearInterval(timer);
  });

  it("keeps its answer while a newer copy is put in place", async () => {
    const old = await Warehouse.open(join(published, "public.duckdb"), {readOnly: true, locked: true});
    {
      await using next = await Warehouse.open(join(published, "next.duckdb"));
      await next.exec("create schema publish; create table publish.post as select 'public:0' as post_id, 7 as i");
    }
    renameSync(join(published, "next.duckdb"), join(published, "public.duckdb"));
    expect(await old.row("select count(*) as n from publish.post")).toEqual({n: "3"});
    expect(await ask("select count(*) as n from publish.post", {edition: "public", format: "csv"})).toBe("n\r\n1\r\n");
    old.close();
  });
});

describe("sql gives", () => {
  it("a table with numbers to the right and NULL in words", async () => {
    expect(await ask("select * from (values ('a', 1), ('bcd', 22), (null, null)) t(name, n) order by n")).toBe(
      ["name     n", "────  ────", "NULL  NULL", "a        1", "bcd     22", ""].join("\n")
    );
  });

  it("a table whose text cannot steer the terminal", async () => {
    const table = await ask("select 'a' || chr(27) || '[2J' || chr(10) || 'b' || repeat('x', 100) as t");
    expect(table).not.toContain("\u001b");
    expect(table.split("\n")[2]).toHaveLength(60);
  });

  it("a long table in part, and says so", async () => {
    const lines = (await ask("select * from range(1500)")).trimEnd().split("\n");
    expect(lines).toHaveLength(1003);
    expect(lines.at(-1)).toBe("… 1000 of 1500 rows; another --format gives all");
  });

  it("CSV as RFC 4180 has it, with NULL told from empty text", async () => {
    expect(await ask(everyType, {format: "csv"})).toBe(
      [
        "flag,tiny,small,int,big,huge,dbl,flt,dec,txt,day,moment,local,list,struct",
        'true,1,2,3,9007199254740993,5,1.5,0.25,1234.50,"a ""b"", c",2020-02-29,2020-03-29T01:30:00.000001Z,' +
          '2020-03-29T01:30:00,"[""x"",null]","{""k"":1}"',
        ",,,,,,,,,,,,,,",
        'false,-1,-2,-3,-9007199254740993,-5,-1.5,-0.25,-1234.50,"",1969-12-31,1969-12-31T23:59:59.5Z,' +
          '1969-12-31T23:59:59.5,[],"{""k"":null}"',
        ""
      ].join("\r\n")
    );
  });

  it("JSON with unsafe integers as text, as one document or a line a row", async () => {
    const [first, second] = JSON.parse(await ask(everyType, {format: "json"})) as Record<string, unknown>[];
    expect(first).toEqual({
      flag: true,
      tiny: 1,
      small: 2,
      int: 3,
      big: "9007199254740993",
      huge: 5,
      dbl: 1.5,
      flt: 0.25,
      dec: 1234.5,
      txt: 'a "b", c',
      day: "2020-02-29",
      moment: "2020-03-29T01:30:00.000001Z",
      local: "2020-03-29T01:30:00",
      list: ["x", null],
      struct: {k: 1}
    });
    expect(Object.values(second!).every(value => value === null)).toBe(true);
    expect(await ask("select 1 as a, 2 as a where false", {}, {json: true})).toBe("[]\n");
    expect(await ask("from range(2) t(n)", {format: "ndjson"})).toBe('{"n":0}\n{"n":1}\n');
    expect(JSON.parse(await ask("from range(1201) t(n)", {}, {json: true}))).toHaveLength(1201);
  });

  it("Arrow with types and NULLs kept, as a stream or as a file", async () => {
    const {context, out} = given();
    await sql(context, {...defaults, query: everyType, format: "arrow"});
    const table = tableFromIPC(out());
    expect(table.schema.fields.map(field => `${field.name} ${field.type}`)).toEqual([
      "flag Bool",
      "tiny Int8",
      "small Int16",
      "int Int32",
      "big Int64",
      "huge Decimal[38e0]",
      "dbl Float64",
      "flt Float32",
      "dec Decimal[10e+2]",
      "txt Utf8",
      "day Date32<DAY>",
      "moment Timestamp<MICROSECOND, UTC>",
      "local Timestamp<MICROSECOND>",
      "list List<Utf8>",
      "struct Utf8"
    ]);
    const [first, second, third] = table.toArray();
    expect([first.flag, first.tiny, first.big, first.dbl, first.txt]).toEqual([
      true,
      1,
      9007199254740993n,
      1.5,
      'a "b", c'
    ]);
    expect([...first.list]).toEqual(["x", null]);
    expect(new Date(first.day).toISOString()).toBe("2020-02-29T00:00:00.000Z");
    const at = table.getChild("moment")!.data[0]!.values as BigInt64Array;
    expect(at[0]).toBe(BigInt(Date.UTC(2020, 2, 29, 1, 30)) * 1000n + 1n);
    const decimals = table.getChild("dec")!.data[0]!.values as Uint32Array;
    expect(new BigInt64Array(decimals.slice(8).buffer)).toEqual(new BigInt64Array([-123450n, -1n]));
    expect(Object.values(second.toJSON()).every(value => value === null)).toBe(true);
    expect([third.flag, third.big, third.txt, [...third.list]]).toEqual([false, -9007199254740993n, "", []]);

    await ask(everyType, {format: "arrow", output: "result.arrow"});
    const file = readFileSync(join(dataDir, "result.arrow"));
    expect(file.subarray(0, 6).toString()).toBe("ARROW1");
    expect(tableFromIPC(file).numRows).toBe(3);
    expect(statSync(join(dataDir, "result.arrow")).mode & 0o777).toBe(0o600);
  });

  it("Arrow of no row, and of more rows than one batch holds", async () => {
    for (const [rows, query] of [
      [0, "select 1 as a where false"],
      [150_000, "select i as a, 'é' || i as t from range(150000) x(i)"]
    ] as const) {
      const {context, out} = given();
      await sql(context, {...defaults, query, format: "arrow"});
      const table = tableFromIPC(out());
      expect(table.numRows).toBe(rows);
      if (rows > 0) expect(table.get(rows - 1)?.toJSON()).toEqual({a: 149_999n, t: "é149999"});
    }
  });

  it("Parquet with types and NULLs kept", async () => {
    await ask(everyType, {format: "parquet", output: "result.parquet"});
    const {context, out} = given();
    await sql(context, {...defaults, query: everyType, format: "parquet"});
    expect(out().equals(readFileSync(join(dataDir, "result.parquet")))).toBe(true);
    await using reader = await Warehouse.open(":memory:");
    const types = await reader.rows("select column_name, column_type from (describe from read_parquet($path))", {
      path: join(dataDir, "result.parquet")
    });
    expect(types.map(row => `${row.column_name} ${row.column_type}`)).toEqual([
      "flag BOOLEAN",
      "tiny TINYINT",
      "small SMALLINT",
      "int INTEGER",
      "big BIGINT",
      "huge DECIMAL(38,0)",
      "dbl DOUBLE",
      "flt FLOAT",
      "dec DECIMAL(10,2)",
      "txt VARCHAR",
      "day DATE",
      "moment TIMESTAMP WITH TIME ZONE",
      "local TIMESTAMP",
      "list VARCHAR[]",
      "struct STRUCT(k INTEGER)"
    ]);
    const differing = `select count(*) as n from (
      (select * replace (huge::decimal(38, 0) as huge) from (${everyType}) except all from read_parquet($path))
      union all
      (from read_parquet($path) except all select * replace (huge::decimal(38, 0) as huge) from (${everyType})))`;
    expect(await reader.row(differing, {path: join(dataDir, "result.parquet")})).toEqual({n: "0"});
    expect(statSync(join(dataDir, "result.parquet")).mode & 0o777).toBe(0o600);
  });

  it("a file that appears whole or not at all", async () => {
    expect((await refused("select nothing", {format: "csv", output: "never.csv"}))?.message).toMatch(/^Binder Error/);
    expect((await refused("select 1", {format: "csv", output: "no/such/folder.csv"}))?.message).toBe(
      `${join(dataDir, "no/such/folder.csv")} cannot be written (ENOENT)`
    );
    expect(readdirSync(dataDir).filter(name => /never|part/.test(name))).toEqual([]);
  });
});

describe("sql keeps its place", () => {
  it("by telling a query that needs too much memory so, and leaving no file", async () => {
    const query = "select count(*) from (select distinct i::varchar || repeat('x', 50) from range(3000000) t(i))";
    expect((await refused(query, {memoryLimit: "100MB"}))?.message).toMatch(/^Out of Memory Error/);
    expect(readdirSync(published).toSorted()).toEqual(["public.duckdb", "warehouse.duckdb"]);
  });
});

describe("the sql prompt", () => {
  it("answers statements until .quit, and goes on after a wrong one", async () => {
    const stdin = new PassThrough();
    const {context, out, err} = given({stdin, terminal: {stdin: true, stdout: true}});
    const ended = sql(context, {...defaults, format: "csv"});
    stdin.write("select 40 +\n2 as answer;\nselect nothing;\nselect 'on' as it_goes;\n.quit\n");
    expect(await ended).toBe(0);
    expect(out().toString()).toContain("answer\r\n42\r\n");
    expect(out().toString()).toContain("it_goes\r\non\r\n");
    expect(err()).toMatch(/error Binder Error/);
  });

  it("ends with the input, and takes no output file", async () => {
    const {context} = given({stdin: Readable.from([]), terminal: {stdin: true, stdout: true}});
    expect(await sql(context, {...defaults})).toBe(0);
    await expect(sql(context, {...defaults, output: "a.csv"})).rejects.toThrow("-o goes with a query or --file");
  });
});

describe("sql lets nothing out", () => {
  it("of a file, a setting, the network or the published copy, by 80 statements that try", async () => {
    const outside = mkdtempSync(join(tmpdir(), "megaphone-outside-"));
    const canary = join(outside, "canary.csv");
    const other = join(outside, "other.duckdb");
    writeFileSync(canary, "a\ncanary\n");
    writeFileSync(join(outside, "canary.json"), '{"a":"canary"}\n');
    await (await Warehouse.open(other)).exec("create table canary as select 'canary' as a");
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end("a\ncanary\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}/canary.csv`;
    const copy = join(published, "warehouse.duckdb");
    const before = snapshot();

    const statements = [
      `copy (select 1) to '${outside}/out.csv'`,
      `copy (select 1) to '${outside}/out.parquet' (format parquet)`,
      `copy (select 1) to '${outside}/out.json' (format json)`,
      `copy publish.post to '${outside}/out.csv'`,
      `copy publish.post from '${canary}'`,
      `create temp table t(a varchar); copy t from '${canary}'`,
      `copy (select 1) to '/dev/stdout'`,
      `copy (select 1) to '${copy}'`,
      `copy (select 1) to '${copy}' (use_tmp_file false)`,
      `copy (select 1) to '${copy}.wal'`,
      `copy (select 1) to '${copy}.wal.recovery'`,
      `copy (select 1) to '${copy}.wal.checkpoint' (use_tmp_file false)`,
      `copy (select 1) to '${copy}.tmp/out.csv'`,
      `explain analyze copy (select 1) to '${copy}.wal'`,
      `prepare p as copy (select 1) to '${copy}.wal'; execute p`,
      `select * from read_blob('${copy}')`,
      `attach '${copy}' as again (read_write)`,
      `attach '${copy}.wal' as again (read_write)`,
      `export database '${outside}/dump'`,
      `import database '${outside}'`,
      `attach '${other}' as other`,
      `attach '${other}' as other (read_only)`,
      `attach '${outside}/new.duckdb' as fresh`,
      `attach '${copy}' as again; create table again.publish.mine as select 1 as a`,
      `attach 'sqlite:${outside}/x.sqlite' as lite`,
      `attach '${web}' as remote`,
      `copy from database warehouse to memory`,
      `select * from read_csv('${canary}')`,
      `select * from read_csv_auto('${canary}')`,
      `select * from sniff_csv('${canary}')`,
      `select * from read_text('${canary}')`,
      `select * from read_blob('${canary}')`,
      `select * from read_json('${outside}/canary.json')`,
      `select * from read_json_auto('${outside}/canary.json')`,
      `select * from read_ndjson('${outside}/canary.json')`,
      `select * from read_json_objects('${outside}/canary.json')`,
      `select * from read_parquet('${outside}/*.parquet')`,
      `select * from parquet_scan('${outside}/x.parquet')`,
      `select * from parquet_metadata('${outside}/x.parquet')`,
      `select * from parquet_schema('${outside}/x.parquet')`,
      `select * from '${canary}'`,
      `from '/etc/passwd'`,
      `select * from '${outside}/canary.json'`,
      `select * from glob('${outside}/*')`,
      `select * from read_csv('${web}')`,
      `select * from '${web}'`,
      `select * from read_parquet('s3://bucket/x.parquet')`,
      `install httpfs`,
      `load httpfs`,
      `install '${outside}/x.duckdb_extension'`,
      `load '${outside}/x.duckdb_extension'`,
      `force install json from '${web}'`,
      `update extensions`,
      `set enable_external_access = true`,
      `reset enable_external_access`,
      `set lock_configuration = false`,
      `reset lock_configuration`,
      `set allowed_directories = ['${outside}']`,
      `set allowed_paths = ['${canary}']`,
      `set log_query_path = '${outside}/log.txt'`,
      `set temp_directory = '${outside}'`,
      `set home_directory = '${outside}'`,
      `set extension_directory = '${outside}'`,
      `set secret_directory = '${outside}'`,
      `set memory_limit = '100GB'`,
      `set global autoload_known_extensions = true`,
      `set autoinstall_known_extensions = true`,
      `set custom_extension_repository = '${web}'`,
      `set profiling_output = '${outside}/profile.json'; pragma enable_profiling = 'json'; select 1`,
      `pragma enable_profiling = 'json'; pragma profiling_output = '${outside}/profile.json'; select 1`,
      `pragma enable_external_access = true`,
      `create persistent secret s (type s3, key_id 'a', secret 'b')`,
      `create secret s (type http, bearer_token 'a')`,
      `select getenv('HOME')`,
      `create table publish.mine as select 1 as a`,
      `create schema mine`,
      `create view publish.mine as select 1 as a`,
      `create macro publish.mine() as 1`,
      `create or replace table publish.post as select 1 as a`,
      `insert into publish.post values ('x', 1)`,
      `update publish.post set i = 0`,
      `delete from publish.post`,
      `truncate publish.post`,
      `drop table publish.post`,
      `alter table publish.post rename to post2`,
      `create index mine on publish.post(i)`,
      `use memory; create table x as select 1`,
      `execute immediate 'select 1'`,
      `select query('copy (select 1) to ''${outside}/out.csv''')`,
      `from query('select * from read_text(''${canary}'')')`
    ];
    expect(statements.length).toBeGreaterThanOrEqual(80);
    const allowed: string[] = [];
    for (const statement of statements) {
      const {context, out} = given();
      const code = await sql(context, {...defaults, query: statement, format: "json"}).catch(() => undefined);
      if (code === 0) allowed.push(statement);
      expect(out().toString(), statement).not.toMatch(/canary|root:/);
    }
    // These do nothing to a copy that is opened read only, and say nothing either.
    for (const statement of ["checkpoint", "force checkpoint", "vacuum publish.post"]) await ask(statement);
    server.close();
    expect(requests).toBe(0);
    expect(Object.keys(snapshot())).toEqual(Object.keys(before));
    expect(snapshot()).toEqual(before);
    expect(allowed).toEqual([]);

    function snapshot(): Record<string, string> {
      const files = [outside, published].flatMap(folder => readdirSync(folder).map(name => join(folder, name)));
      return Object.fromEntries(files.map(file => [file, readFileSync(file).toString("base64")]));
    }
  });
});
