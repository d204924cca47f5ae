/** The names that the rules of portable SQL go by: what is allowed, what is written instead, what the parse calls it. */
/** Functions of which both engines were seen to give the same, as the parse names them; the helpers are added to them. */
export const allowed: ReadonlySet<string> = new Set(
  `count sum min max bool_and bool_or count_if median percentile_cont percentile_disc max_by min_by array_agg
  row_number rank dense_rank ntile lag lead first_value nth_value percent_rank cume_dist
  coalesce nullif ifnull if least greatest
  abs sqrt floor ceil sign round ln log10 log2 exp power mod
  lower upper substring left right trim replace translate lpad rpad reverse repeat contains concat_ws split_part length
  position instr md5
  last_day make_date extract year month day quarter week dayofyear`.split(/\s+/)
);
/** Names that differ, are unknown to one engine or are not needed, each with what to write. */
export const instead: Readonly<Record<string, string>> = {
  avg: "ratio(sum(x), count(x))",
  any_value: "max(x)",
  first: "max(x), or max_by on a unique key",
  last: "max(x), or max_by on a unique key",
  last_value: "first_value in the opposite order",
  mode: "row_number over the counts, the value as last key",
  string_agg: "sorted_text(array_agg(x) filter (where x is not null))",
  listagg: "sorted_text(array_agg(x) filter (where x is not null))",
  group_concat: "sorted_text(array_agg(x) filter (where x is not null))",
  arg_max: "max_by(v, k) filter (where v is not null)",
  arg_min: "min_by(v, k) filter (where v is not null)",
  quantile: "percentile_cont(p) within group (order by x)",
  approx_count_distinct: "count(distinct x)",
  approx_quantile: "percentile_cont(p) within group (order by x)",
  stddev: "sqrt(ratio(cast(count(x) * sum(x * x) - sum(x) * sum(x) as bigint), count(x) * (count(x) - 1)))",
  skewness: "nothing: no form reads alike",
  kurtosis: "nothing: no form reads alike",
  hash: "md5(x)",
  log: "ln, log10 or log2",
  pow: "power(a, b)",
  ceiling: "ceil(x)",
  trunc: "floor(x)",
  len: "length(s), or list_size(x)",
  isnan: "x = cast('NaN' as double)",
  nvl: "coalesce(a, b)",
  concat: "|| with coalesce",
  substr: "substring(s, a, n)",
  strpos: "instr(s, p)",
  starts_with: "text_starts(s, p)",
  initcap: "nothing: fold the text before landing",
  regexp_matches: "text_matches(s, p)",
  regexp_replace: "text_swap(s, p, r)",
  regexp_extract: "text_found(s, p, 1)",
  date_trunc: "month_of, week_of, quarter_of or year_of",
  datetrunc: "month_of, week_of, quarter_of or year_of",
  date_diff: "days_between(a, b)",
  datediff: "days_between(a, b)",
  date_add: "d + n, or months_from(d, n)",
  date_sub: "days_between(a, b)",
  strftime: "substring(cast(d as string), 1, 7)",
  dayofweek: "iso_weekday(d)",
  weekday: "iso_weekday(d)",
  isodow: "iso_weekday(d)",
  monthname: "a table of names",
  dayname: "a table of names"
};
/** Calls whose answer changes from run to run, and keywords that the parse takes for columns. */
export const clocks =
  /^(now|today|get_current_\w+|transaction_timestamp|current_\w+|local(time|timestamp)|random|setseed|(gen_random_)?uuid\w*|nextval|currval|(session_)?user)$/;
export const keywords =
  /^(current_(date|time|timestamp|user|role|schema|catalog|database)|local(time|timestamp)|(session_)?user)$/i;
/** The parse's names for what the text calls otherwise. */
export const renamed = /^(count_star|date_part|quantile_(cont|disc)|(not_)?i?like_escape|regexp_full_match|row)$/;
/** Calls that make or take apart lists, structs, maps and JSON. */
export const structures =
  /^(list|map|unnest|row|row_to_json|to_json|flatten|generate_subscripts|(list|struct|map|json|array)_(?!agg$)\w+)$/;
export const ranks = /^(row_number|rank|dense_rank|ntile)$/;
/** Calls whose type is not the same in both engines. */
export const otherTypes =
  /^(sum|count_if|floor|ceil|sign|length|position|instr|date_part|year|month|day|quarter|week|dayofyear|row_number|rank|dense_rank|ntile|quantile_disc)$/;
/** What the parse calls operators, expressions, queries and tables that are allowed. */
export const operators = new Set(["+", "-", "*", "/", "%", "||", "~~", "!~~", "~~*", "!~~*"]);
export const expressions =
  /^(COLUMN_REF|CONSTANT|FUNCTION|WINDOW|CONJUNCTION|COMPARISON|BETWEEN|CASE|CAST|SUBQUERY|STAR|LAMBDA)$|^(OPERATOR_(NOT|COALESCE|IS_NULL|IS_NOT_NULL)|COMPARE_(NOT_)?IN|GROUPING_FUNCTION|ARRAY_\w+|STRUCT_EXTRACT)$/;
export const shapes =
  /^(SELECT_NODE|SET_OPERATION_NODE|RECURSIVE_CTE_NODE|CTE|BASE_TABLE|JOIN|SUBQUERY|TABLE_FUNCTION|EXPRESSION_LIST|EMPTY|\w+_MODIFIER|ORDER_DEFAULT|ASCENDING|DESCENDING|\w+_INFO)$/;
export const types = /^(boolean|int|bigint|double|date|string|decimal\s*\(\s*\d+\s*,\s*\d+\s*\))$/i;
/** What an expression is for certain; `whole` is a DOUBLE in DuckDB and a BIGINT in Spark. */
export type Kind = "double" | "whole" | "date" | "instant";

/** What calls and operators give, where it is one kind whatever they are given. */
export const kinds: Readonly<Record<string, Kind>> = Object.fromEntries([
  ...names("/ ratio round_to sqrt ln log10 log2 exp power median quantile_cont percent_rank cume_dist", "double"),
  ...names("floor ceil sign", "whole"),
  ...names("month_of week_of quarter_of year_of months_from local_date last_day make_date", "date"),
  ...names("instant_of instant_at", "instant")
]);
function names(list: string, kind: Kind): [string, Kind][] {
  return list.split(" ").map(name => [name, kind]);
}
