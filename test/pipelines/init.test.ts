import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync
} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {Readable} from "node:stream";
import {describe, expect, it} from "vitest";
import {parse} from "yaml";
import {findConnectors} from "../../connectors/extract.ts";
import {type Effects, main} from "../../pipelines/cli.ts";
import * as command from "../../pipelines/init.ts";
import {loadSettings} from "../../pipelines/settings.ts";

/** The registers as the contract names them; a list in a cell is marked by []. */
const contract = `
activity(activity_id, title, kind, note1_kind, purpose, start_on, end_on, country, continent, modality, languages[], attendance, attendance_method, is_major, is_general, product_id, campaign_id, parent_activity_id, meetings_inside, co_signatories, counterpart_group, funding, partners[], themes[], omp_output, risk_checked_on, public_on, confidential)
product(product_id, product_type, title, symbol, planned_session, deadline, submitted_on, delivered_on, presented_on, partners[], themes[], omp_output, public_on, confidential)
product_target(product_type, year, month, planned, basis, pacing, milestone_on, funding)
campaign(campaign_id, kind, title, product_id, starts_on, ends_on, strategy_on, target_groups[], outlets[], objectives, risk_checked_on, public_on, confidential)
campaign_stage(campaign_id, stage, starts_on, ends_on)
campaign_element(campaign_id, element, planned, used)
participation(participation_id, call, product_id, contributor_class, country, submissions, persons, held_on, confidential)
uptake(uptake_id, dated_on, actor, country, uptake_type, evidence_strength, rival_explanations, source_url, product_id, confidential)
recommendation(recommendation_id, product_id, addressee, addressee_country, theme, status, status_on, evidence_url, rival_explanations, confidential)
coverage(coverage_id, dated_on, outlet, outlet_type, country, language, url, product_id, campaign_id, public_mark)
download(product_id, language, month, count, source)
input(year, resource, planned, materialised)
result(level, statement, indicators[])
quoted_fact(fact_id, paragraph, part_of, value)
benchmark(scheme, region, basis, year, share, source)
comment_coding(campaign_id, language, sample_no, coder, code)
post_tag(platform, post, content_item, tone, themes[], language, language_method)
country(iso2, un_group, m49_region, narrative_region, continent7, continent_m49, development_region, tier, tier_reason, source, valid_from)
`;

const columns = new Map(
  [...contract.matchAll(/^(\w+)\((.*)\)$/gm)].map(([, name, list]) => [name!, list!.replaceAll("[]", "").split(", ")])
);

const files: Record<string, string> = {
  activity: "activities",
  product: "products",
  product_target: "targets",
  participation: "participation",
  uptake: "uptake",
  recommendation: "recommendations",
  coverage: "coverage",
  download: "downloads",
  input: "inputs",
  quoted_fact: "quoted_facts",
  benchmark: "benchmarks",
  comment_coding: "comment_coding",
  post_tag: "post_tags",
  country: "countries"
};

async function init(cwd: string, ...args: string[]) {
  const said = {out: "", err: ""};
  const effects: Effects = {
    cwd,
    env: {},
    now: () => new Date("2020-11-30T01:30:00Z"),
    stdin: Readable.from([]),
    stdout: piece => {
      said.out += piece;
    },
    stderr: piece => {
      said.err += piece;
    },
    terminal: {stdin: false, stdout: false, stderr: true},
    load: async () => ({...command})
  };
  const code = await main(["init", ...args], effects);
  return {...said, code};
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), "megaphone-init-"));
}

/** Every file below a folder with its text, and every folder. */
function content(path: string): Record<string, string> {
  const entries = readdirSync(path, {recursive: true, withFileTypes: true});
  return Object.fromEntries(
    entries.map(entry => {
      const full = join(entry.parentPath, entry.name);
      return [full.slice(path.length + 1), entry.isFile() ? readFileSync(full, "utf8") : "folder"];
    })
  );
}

/** Takes away the # of lines that are switched off: keys at the depth of a key, as no sentence is. */
function switchedOn(text: string): string {
  return text.replaceAll(/^#(?=(?: {2}| {4}| {6})?(?:- )?\w+:)/gm, "");
}

describe("init", () => {
  it("writes settings, the names of secrets, registers and the inbox, for its user alone", async () => {
    const cwd = folder();
    const result = await init(cwd, "mandate");
    expect(result).toMatchObject({code: 0, err: ""});
    const dir = join(cwd, "mandate");
    const there = content(dir);
    expect(Object.keys(there).sort()).toEqual(
      [
        ".env.example",
        ".gitignore",
        "inbox",
        "inbox/.README.md",
        "megaphone.yaml",
        "registers",
        "registers/campaigns.yaml",
        "registers/results.yaml",
        ...Object.values(files).map(name => `registers/${name}.csv`)
      ].sort()
    );
    for (const [path, text] of Object.entries(there)) {
      expect(statSync(join(dir, path)).mode & 0o777, path).toBe(text === "folder" ? 0o700 : 0o600);
    }
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(there[".gitignore"]!.split("\n")).toEqual(expect.arrayContaining([".env", "credentials.json"]));
    expect(result.out).toContain("wrote  megaphone.yaml\n");
    expect(result.out).toContain("Then: npx megaphone check --config mandate/megaphone.yaml\n");
  });

  it("changes nothing the second time, and says what was kept", async () => {
    const cwd = folder();
    await init(cwd);
    writeFileSync(join(cwd, "megaphone.yaml"), "organisation: Mine\n");
    const before = content(cwd);
    const again = await init(cwd);
    expect(again.code).toBe(0);
    expect(content(cwd)).toEqual(before);
    expect(again.out).toContain("kept   megaphone.yaml, which was there\n");
    expect(again.out).not.toContain("wrote");
  });

  it("lists the files as JSON", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, ".env.example"), "");
    const {out} = await init(cwd, "--json");
    const result = JSON.parse(out) as {folder: string; written: string[]; kept: string[]};
    expect(result).toMatchObject({folder: cwd, kept: [".env.example"]});
    expect(result.written).toEqual(expect.arrayContaining(["megaphone.yaml", "registers/activities.csv"]));
    expect(result.written.every(file => existsSync(join(cwd, file)))).toBe(true);
  });

  it("warns where a .gitignore of one's own lets secrets through", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, ".gitignore"), "node_modules/\n.env\n");
    const {code, err} = await init(cwd);
    expect(code).toBe(0);
    expect(err).toBe(
      `warning: ${join(cwd, ".gitignore")} does not name credentials.json, which holds secrets; add a line for it\n`
    );
  });

  it("refuses a folder that is a file, or that is not its user's, with 2", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "file"), "");
    expect(await init(cwd, "file")).toMatchObject({
      code: 2,
      err: `error: ${join(cwd, "file")} cannot be made (EEXIST); name another folder\n`
    });
    if (process.getuid?.() === 0) return; // who may write everywhere
    mkdirSync(join(cwd, "closed"));
    chmodSync(join(cwd, "closed"), 0o500);
    expect((await init(cwd, "closed")).err).toContain("cannot be written (EACCES)");
  });
});

describe("the settings that init writes", () => {
  async function written() {
    const cwd = folder();
    await init(cwd);
    return {cwd, yaml: readFileSync(join(cwd, "megaphone.yaml"), "utf8")};
  }

  it("are read as they are, and are the defaults", async () => {
    const {cwd} = await written();
    const options = {env: {}, required: true, secrets: true, platforms: await findConnectors()};
    const settings = await loadSettings({cwd, ...options});
    expect(settings).toMatchObject({organisation: "Our mandate", accounts: [], secrets: []});
    const empty = folder();
    writeFileSync(join(empty, "megaphone.yaml"), "organisation: Our mandate\n");
    const paths = {dataDir: "", registers: "", inbox: "", file: "", credentialsPath: ""};
    expect({...settings, ...paths}).toEqual({...(await loadSettings({cwd: empty, ...options})), ...paths});
  });

  it("name every key that there is", async () => {
    const {yaml} = await written();
    const value = parse(switchedOn(yaml)) as Record<string, object>;
    expect(Object.keys(value).sort()).toEqual(
      [
        "accounts",
        "alerts",
        "data_dir",
        "disclosure",
        "inbox",
        "keep_originals",
        "organisation",
        "refresh",
        "registers",
        "report",
        "schedule",
        "timezone"
      ].sort()
    );
    for (const key of ["aliases", "api_version", "base_url"]) expect(yaml).toContain(`#   ${key}: `);
  });

  it("are read with every account switched on, once .env has their secrets", async () => {
    const {cwd, yaml} = await written();
    writeFileSync(join(cwd, "megaphone.yaml"), switchedOn(yaml));
    const example = readFileSync(join(cwd, ".env.example"), "utf8");
    const webhook = "https://hooks.example.org/secret";
    const filled = example.replace(/^ALERT_WEBHOOK=$/m, `ALERT_WEBHOOK=${webhook}`).replaceAll(/=$/gm, "=secret");
    writeFileSync(join(cwd, ".env"), filled, {mode: 0o600});
    const settings = await loadSettings({cwd, env: {}, required: true, secrets: true});
    expect(settings.accounts.map(({platform, kind}) => [platform, kind])).toEqual([
      ["facebook", "page"],
      ["instagram", "professional"],
      ["x", "page"],
      ["linkedin", "organisation"]
    ]);
    expect(settings.alerts.webhook).toBe(webhook);
    expect(settings.secrets).toHaveLength(10);
  });

  it("suit each connector that there is, one account at a time", async () => {
    const {cwd, yaml} = await written();
    const [head, list] = yaml.split("#accounts:\n") as [string, string];
    const blocks = list.split(/(?=^# {2}- platform)/m).map(block => block.split("\n\n")[0]!);
    const platforms = await findConnectors();
    expect(blocks).toHaveLength(4);
    for (const block of blocks) {
      if (!platforms.has(/platform: (\w+)/.exec(block)![1]!)) continue;
      writeFileSync(join(cwd, "megaphone.yaml"), `${head}accounts:\n${block.replaceAll(/^#/gm, "")}\n`);
      const env = Object.fromEntries([...block.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name!, "secret"]));
      const settings = await loadSettings({cwd, env, required: true, secrets: true, platforms});
      expect(settings.accounts).toHaveLength(1);
    }
  });
});

describe("the registers that init writes", () => {
  it("have the contract's columns and nothing else", async () => {
    const cwd = folder();
    await init(cwd);
    for (const [name, file] of Object.entries(files)) {
      expect(readFileSync(join(cwd, "registers", `${file}.csv`), "utf8")).toBe(`${columns.get(name)!.join(",")}\n`);
    }
    const rest = [...columns.keys()].filter(name => !(name in files));
    expect(rest).toEqual(["campaign", "campaign_stage", "campaign_element", "result"]);
  });

  it("hold campaigns and results as YAML that is switched off, with the contract's names", async () => {
    const cwd = folder();
    await init(cwd);
    const read = (name: string) => readFileSync(join(cwd, "registers", name), "utf8");
    expect(parse(read("campaigns.yaml"))).toBeNull();
    expect(parse(read("results.yaml"))).toBeNull();
    const [campaign] = parse(read("campaigns.yaml").replaceAll(/^#(?=-| {2})/gm, "")) as [Record<string, object[]>];
    const {stages, elements, posts, ...own} = campaign;
    expect(Object.keys(own)).toEqual(columns.get("campaign"));
    const without = (name: string) => columns.get(name)!.filter(column => column !== "campaign_id");
    for (const stage of stages!) expect(Object.keys(stage)).toEqual(without("campaign_stage"));
    for (const element of elements!) expect(Object.keys(element)).toEqual(without("campaign_element"));
    expect(posts).toEqual([{post_id: "x:1273000000000000001"}]);
    const [result] = parse(read("results.yaml").replaceAll(/^#(?=-| {2})/gm, "")) as [object];
    expect(Object.keys(result)).toEqual(columns.get("result"));
  });
});
