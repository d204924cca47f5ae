/** The registers: lists that people keep in the registers folder, and what of them cannot be read. */
import {existsSync, readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import Papa from "papaparse";
import {parseYaml} from "./yaml.ts";

/** Columns of each register, as the warehouse names them; several values in a cell are parted by `;`. */
export const registers: Record<string, string> = {
  activities:
    "activity_id,title,kind,note1_kind,purpose,start_on,end_on,country,continent,modality,languages,attendance,attendance_method,is_major,is_general,product_id,campaign_id,parent_activity_id,meetings_inside,co_signatories,counterpart_group,funding,partners,themes,omp_output,risk_checked_on,public_on,confidential",
  products:
    "product_id,product_type,title,symbol,planned_session,deadline,submitted_on,delivered_on,presented_on,partners,themes,omp_output,public_on,confidential",
  targets: "product_type,year,month,planned,basis,pacing,milestone_on,funding",
  participation: "participation_id,call,product_id,contributor_class,country,submissions,persons,held_on,confidential",
  uptake:
    "uptake_id,dated_on,actor,country,uptake_type,evidence_strength,rival_explanations,source_url,product_id,confidential",
  recommendations:
    "recommendation_id,product_id,addressee,addressee_country,theme,status,status_on,evidence_url,rival_explanations,confidential",
  coverage: "coverage_id,dated_on,outlet,outlet_type,country,language,url,product_id,campaign_id,public_mark",
  downloads: "product_id,language,month,count,source",
  inputs: "year,resource,planned,materialised",
  quoted_facts: "fact_id,paragraph,part_of,value",
  benchmarks: "scheme,region,basis,year,share,source",
  comment_coding: "campaign_id,language,sample_no,coder,code",
  post_tags: "platform,post,content_item,tone,themes,language,language_method",
  countries:
    "iso2,un_group,m49_region,narrative_region,continent7,continent_m49,development_region,tier,tier_reason,source,valid_from"
};

/** Registers with lists inside, which are YAML. */
const documents = ["campaigns", "results"];

/** Something about the registers that a person should know. */
export interface RegisterFault {
  file: string | null;
  what: string;
  action: string;
  /** No reason for exit code 3: a register that is not there is one that is not used. */
  isNote: boolean;
}

/** What of the registers in a folder is missing, unknown or cannot be read; the rows are not looked at. */
export function registerFaults(folder: string): RegisterFault[] {
  const expected = [...Object.keys(registers).map(name => `${name}.csv`), ...documents.map(name => `${name}.yaml`)];
  if (!existsSync(folder)) {
    const what = `there is no folder ${folder}`;
    return [
      {file: null, what, action: "nothing, unless you want registers: `megaphone init` writes them", isNote: true}
    ];
  }
  const files = readdirSync(folder).filter(file => /\.(csv|ya?ml)$/.test(file));
  const absent = expected.filter(file => !files.includes(file));
  return [
    ...(absent.length === 0
      ? []
      : [{file: null, what: `not there: ${absent.join(", ")}`, action: "nothing, unless you want them", isNote: true}]),
    ...files
      .filter(file => !expected.includes(file))
      .map(file => ({
        file,
        what: "no register has this name",
        action: `call it one of ${expected.join(", ")}`,
        isNote: false
      })),
    ...files.filter(file => expected.includes(file)).flatMap(file => faultsIn(folder, file))
  ];
}

function faultsIn(folder: string, file: string): RegisterFault[] {
  const fault = (what: string, action: string): RegisterFault => ({file, what, action, isNote: false});
  let text: string;
  try {
    text = readFileSync(join(folder, file), "utf8");
  } catch (error) {
    return [fault(`it cannot be read (${(error as NodeJS.ErrnoException).code})`, "look at its permissions")];
  }
  if (!file.endsWith(".csv")) {
    const {faults} = parseYaml(file, text);
    return faults === undefined ? [] : [fault(faults, "correct the line")];
  }
  const known = registers[file.replace(/\.csv$/, "")]!.split(",");
  const [header = []] = Papa.parse<string[]>(text.replace(/^\ufeff/, ""), {preview: 1}).data;
  const strangers = header.map(name => name.trim()).filter(name => !known.includes(name));
  return strangers.length === 0
    ? []
    : [
        fault(`columns that are not known and left out: ${strangers.join(", ")}`, `the columns are ${known.join(", ")}`)
      ];
}
