/**
 * Names of what LinkedIn numbers: seniorities and functions by its reference tables, and countries by their names.
 *
 * https://learn.microsoft.com/en-us/linkedin/shared/references/reference-tables/seniority-codes
 * https://learn.microsoft.com/en-us/linkedin/shared/references/reference-tables/job-function-codes
 */

const seniorities = ["Unpaid", "Training", "Entry", "Senior", "Manager", "Director", "VP", "CXO", "Partner", "Owner"];

const functions = [
  "Accounting",
  "Administrative",
  "Arts and Design",
  "Business Development",
  "Community and Social Services",
  "Consulting",
  "Education",
  "Engineering",
  "Entrepreneurship",
  "Finance",
  "Healthcare Services",
  "Human Resources",
  "Information Technology",
  "Legal",
  "Marketing",
  "Media and Communication",
  "Military and Protective Services",
  "Operations",
  "Product Management",
  "Program and Project Management",
  "Purchasing",
  "Quality Assurance",
  "Real Estate",
  "Research",
  "Sales",
  "Support"
];

const tables: Record<string, readonly string[]> = {Seniority: seniorities, Function: functions};

/** The name of a seniority or function by its number, which begins at 1; undefined for anything else. */
export function nameOf(facet: string, number: string): string | undefined {
  return tables[facet]?.[Number(number) - 1];
}

/** Spellings that differ from those of the Unicode names by more than signs. */
const otherNames: Record<string, string> = {
  "Cape Verde": "CV",
  Congo: "CG",
  "Czech Republic": "CZ",
  "Congo (DRC)": "CD",
  "Democratic Republic of the Congo": "CD",
  "Hong Kong": "HK",
  "Hong Kong SAR": "HK",
  "Ivory Coast": "CI",
  Macao: "MO",
  Macau: "MO",
  "Macau SAR": "MO",
  Macedonia: "MK",
  Myanmar: "MM",
  Palestine: "PS",
  "Palestinian Authority": "PS",
  "Republic of the Congo": "CG",
  "Saint Vincent and the Grenadines": "VC",
  "State of Palestine": "PS",
  Swaziland: "SZ",
  Turkey: "TR",
  Türkiye: "TR",
  "The Bahamas": "BS",
  "The Gambia": "GM"
};

/** Codes that Unicode names and ISO 3166-1 does not assign. */
const unassigned = ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"];

const english = new Intl.DisplayNames("en", {type: "region", fallback: "none"});
const codes = new Map([
  ...isoCodes().map((code): [string, string] => [plain(english.of(code)!), code]),
  ...Object.entries(otherNames).map(([name, code]): [string, string] => [plain(name), code])
]);

/** The ISO 3166-1 alpha-2 code of a country by its English name; undefined for a name that is no country's. */
export function countryCode(name: string): string | undefined {
  return codes.get(plain(name));
}

function isoCodes(): string[] {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  return letters
    .flatMap(first => letters.map(second => first + second))
    .filter(code => !unassigned.includes(code) && english.of(code) !== undefined)
    .filter(code => new Intl.Locale(`und-${code}`).region === code); // A former code, such as SU, becomes today's.
}

/** A name without accents, case and signs, in which "and" and "saint" are written out. */
function plain(name: string): string {
  return name
    .normalize("NFD")
    .toLowerCase()
    .replace(/&/g, " and ")
    .replace(/\bst\./g, "saint")
    .replace(/[^a-z]/g, "");
}
