/** `init`: a folder to begin with — commented settings, the names of secrets, register templates and the inbox. */
import {mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {dirname, join, relative, resolve} from "node:path";
import {ConfigError} from "../connectors/errors.ts";
import type {Context, InitOptions} from "./context.ts";
import {registers} from "./registers.ts";

/** Writes what is not there yet, for its user alone, and says which files were there and are kept. */
export async function init(context: Context, {dir}: InitOptions): Promise<number> {
  const folder = resolve(context.cwd, dir);
  const written = Object.keys(templates).filter(file => create(join(folder, file), templates[file]!));
  const kept = Object.keys(templates).filter(file => !written.includes(file));
  warnOfLeaks(context, folder);
  context.stdout(
    context.json ? `${JSON.stringify({folder, written, kept})}\n` : describe(context, folder, written, kept)
  );
  return 0;
}

/** Whether the file was not there and now is. */
function create(path: string, text: string): boolean {
  const parent = dirname(path);
  try {
    mkdirSync(parent, {recursive: true, mode: 0o700});
  } catch (cause) {
    throw new ConfigError(`${parent} cannot be made (${codeOf(cause)}); name another folder`, {cause});
  }
  try {
    writeFileSync(path, text, {mode: 0o600, flag: "wx"});
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false;
    throw new ConfigError(`${path} cannot be written (${codeOf(cause)}); name another folder`, {cause});
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** A `.gitignore` of the user's own may let secrets into version control. */
function warnOfLeaks({log}: Context, folder: string): void {
  const path = join(folder, ".gitignore");
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  for (const name of [".env", "credentials.json"]) {
    if (!lines.includes(name)) log.warn(`${path} does not name ${name}, which holds secrets; add a line for it`);
  }
}

function describe({cwd}: Context, folder: string, written: string[], kept: string[]): string {
  const config = relative(cwd, join(folder, "megaphone.yaml"));
  const lines = [
    ...written.map(file => `wrote  ${file}`),
    ...kept.map(file => `kept   ${file}, which was there`),
    "",
    `In ${folder}: describe your accounts in megaphone.yaml, copy .env.example to .env and put the secrets into it.`,
    `Then: npx megaphone check${config === "megaphone.yaml" ? "" : ` --config ${config}`}`
  ];
  return `${lines.join("\n")}\n`;
}

const settings = `# Settings of Megaphone.
#
# A line that begins with # is not read. To use a line that is switched off, take away its # and nothing else:
# the blanks in front of a word have a meaning. Names stand before the colon, and you change what comes after it.
# After a change, \`npx megaphone check\` names the line that cannot be read, if there is one, and tries your accounts.

# The name that reports carry.
organisation: Our mandate

# The clock by which days and months are counted, such as Europe/Zurich or America/New_York.
# Choose it before the first night: another one counts every day anew.
timezone: UTC

# When \`npx megaphone schedule\` reads the accounts: minute, hour, day of the month, month, day of the week; a star is
# every one. The time is UTC, also in summer. This is half past one, every night.
schedule: "30 1 * * *"

# Where everything that was read is kept. Only you can open this folder; make backups of it.
data_dir: ./data

report:
  # Languages of the reports.
  languages: [en]
  # What a report is made of every night: last-month, last-quarter, all, or such as 2020, 2020-Q3, 2020-07..2020-12.
  periods: [last-month, last-quarter]
  # Periods of your own, by first and last day, such as {last-15-months: 2019-08-31..2020-11-30}.
  ranges: {}

# How countries are grouped in what is published: un_group, m49 or narrative_2020. One of them: two could be compared
# to find out about few people.
disclosure:
  geography: un_group

# How long the counters of a post are read again, by its age: every day, then every week, then every month.
# audience: how often it is asked who the followers are, in groups.
refresh:
  daily: 14d
  weekly: 90d
  monthly: 730d
  audience: 7d

# Your accounts. Take away the # of the line "accounts:" and of each line of the accounts that you have.
#   platform  the network
#   kind      page, organisation, member or professional
#   id        the network's own number for the account, between quotation marks
#   name      a short name of your choice, a different one for each account
#   auth      where the secrets are. Never write a secret here: write its name as below, and the secret into .env.
#             Without auth the account is fed by export files from the inbox alone.
# And where needed:
#   aliases: [other numbers or names that the account has in export files]
#   api_version: "default"   the version of the network's interface; default is the one that was tested
#   base_url: https://…      another address than the network's own

#accounts:
#  - platform: facebook
#    kind: page
#    id: "100000000000001"
#    name: our-facebook
#    auth:
#      token: \${FACEBOOK_PAGE_TOKEN}
#  - platform: instagram
#    kind: professional
#    id: "17840000000000001"
#    name: our-instagram
#    auth:
#      token: \${INSTAGRAM_TOKEN}
#  - platform: x
#    kind: page
#    id: "1180000000000000007"
#    name: our-x
#    auth:
#      consumer_key: \${X_CONSUMER_KEY}
#      consumer_secret: \${X_CONSUMER_SECRET}
#      token: \${X_TOKEN}
#      token_secret: \${X_TOKEN_SECRET}
#  - platform: linkedin
#    kind: organisation
#    id: "10000001"
#    name: our-linkedin
#    auth:
#      client_id: \${LINKEDIN_CLIENT_ID}
#      client_secret: \${LINKEDIN_CLIENT_SECRET}
#      refresh_token: \${LINKEDIN_REFRESH_TOKEN}

# The folder of your own lists: activities, products, campaigns and so on.
registers: ./registers

# Put export files here. The nightly run reads them and moves them to inbox/done or inbox/rejected.
inbox: ./inbox

# How long files in inbox/done are kept. They may hold names of people.
keep_originals: 30d

# An address that is told when a night failed, an account is stale or data are about to be lost (docs/schedule.md).
#alerts:
#  webhook: \${ALERT_WEBHOOK}
`;

const secrets = `# The secrets that megaphone.yaml names. Copy this file to .env, keep it to yourself (chmod 600 .env),
# and fill in what your accounts need. .env is never sent anywhere and never put under version control.
${[...settings.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => `${name}=`).join("\n")}
`;

const ignored = `# Secrets, and what was read, stay out of version control.
.env
credentials.json
/data/
/inbox/
# Registers may have rows that are confidential. Take this line away to keep them under version control all the same.
/registers/
`;

const inbox = `Put export files here, as the platforms' own export buttons give them; do not open and save them before.
The next run imports them, then moves them to the folder done, or rejected with its reason in \`npx megaphone status\`.
What lies in done is deleted after the time that keep_originals in megaphone.yaml gives.
`;

const campaigns = `# Campaigns. Take away the # of the lines that you need, and nothing else, and repeat the block for each campaign.
# Dates are written as 2020-06-18. Lists stand in square brackets.
#- campaign_id: report-2020        # a short name of your choice, which other lists use
#  kind: report
#  title: Our report of 2020
#  product_id: report-2020         # as in products.csv; leave it out where there is none
#  starts_on: 2020-06-18
#  ends_on: 2020-09-30
#  strategy_on: 2020-05-04         # when the strategy was written
#  target_groups: [civil society, media]
#  outlets: [radio, newspapers]
#  objectives:                     # an indicator, for which part of it, how much, by when
#    - {indicator: posts_published, filter: {platform: x}, target: 12, by: 2020-09-30}
#  risk_checked_on: 2020-05-11     # when the risk of reprisals was looked at
#  public_on: 2020-06-18           # nothing of it is published before
#  confidential: false
#  stages:                         # written down before the figures are seen
#    - {stage: before, starts_on: 2020-06-04, ends_on: 2020-06-17}
#    - {stage: during, starts_on: 2020-06-18, ends_on: 2020-06-28}
#    - {stage: after, starts_on: 2020-06-29, ends_on: 2020-07-12}
#  elements:                       # what the strategy holds, and what was used of it
#    - {element: press release, planned: 1, used: 1}
#  posts:                          # posts that belong to it
#    - {post_id: "x:1273000000000000001"}
`;

const results = `# The results framework. Take away the # of the lines that you need, and nothing else, and repeat the block.
#- level: outcome                  # such as output, outcome or impact
#  statement: More people know of the mandate's recommendations.
#  indicators: [posts_published, er_views]
`;

/** Every file by its path in the folder. The inbox's begins with a dot, since a run imports every other one there. */
const templates: Record<string, string> = {
  "megaphone.yaml": settings,
  ".env.example": secrets,
  ".gitignore": ignored,
  "inbox/.README.md": inbox,
  ...Object.fromEntries(Object.entries(registers).map(([name, header]) => [`registers/${name}.csv`, `${header}\n`])),
  "registers/campaigns.yaml": campaigns,
  "registers/results.yaml": results
};
