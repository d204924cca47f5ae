/**
 * What Instagram refuses beside what the whole Graph API does, in its words. Where each sentence comes from (a document,
 * a report, our guess) stands in `docs/sandbox-instagram.md`.
 */
import {badParameter, type GraphError, GraphRefusal} from "./graph-errors.ts";

/** A parameter that has to be there. */
export function required(name: string): GraphRefusal {
  return badParameter(`The parameter ${name} is required`);
}

/** A value that is none: of a metric that never was one, or was removed. */
export function notOneOf(name: string, known: readonly string[]): GraphRefusal {
  return badParameter(`${name} must be one of the following values: ${known.join(", ")}`);
}

/** Metrics that exist, but not for this kind of media; those that are wrong are named together. */
export function notForProduct(metrics: readonly string[]): GraphRefusal {
  const words = `The Media Insights API does not support the ${metrics.join(", ")} metric for this media product type.`;
  return badParameter(words);
}

/** A metric that lives on for older media alone. */
export function noLongerForMedia(metric: string): GraphRefusal {
  const words = `Starting from version v22.0 and above, the ${metric} metric is no longer supported for the queried media.`;
  return badParameter(words);
}

/** A breakdown that a metric does not have. */
export function badBreakdowns(breakdowns: readonly string[], metric: string): GraphRefusal {
  return badParameter(`Incompatible breakdowns (${breakdowns.join(", ")}) for metric (${metric})`);
}

/** Metrics of the account that come as one number alone. */
export function totalValueNeeded(metrics: readonly string[]): GraphRefusal {
  const words = `The following metrics (${metrics.join(",")}) should be specified with parameter metric_type=total_value`;
  return badParameter(words);
}

/** A metric of the account with a parameter that it cannot have. */
export function incompatible(
  metric: string,
  what: "metric type" | "period" | "timeframe",
  value: string
): GraphRefusal {
  return badParameter(`The following metric (${metric}) is incompatible with the ${what} (${value})`);
}

/** More than thirty days at once. */
export function windowTooLong(): GraphRefusal {
  return badParameter("There cannot be more than 30 days (2592000 s) between since and until");
}

/** Follows and unfollows of a single day. */
export function bucketsMissing(): GraphRefusal {
  const words = "The follows_and_unfollows metric has missing buckets between since and until";
  return badParameter(words);
}

/** New followers further back than a month. */
export function onlyLastMonth(): GraphRefusal {
  const words = "(follower_count) metric only supports querying data for the last 30 days excluding the current day";
  return badParameter(words);
}

/** Media from the time when the account was a personal one. */
export function beforeConversion(): GraphRefusal {
  const error: GraphError & {error_data: object} = {
    message: "Invalid parameter",
    type: "OAuthException",
    code: 100,
    error_data: {blame_field_specs: [[""]]},
    error_subcode: 2108006,
    is_transient: false,
    error_user_title: "Media posted before business account conversion",
    error_user_msg:
      "The media was posted before the most recent time that the user's account was converted to a business account from a personal account."
  };
  return new GraphRefusal(error);
}

/** A story that hardly anybody saw: the code of a missing permission, with other words. */
export function tooFewViewers(): GraphRefusal {
  const message = "(#10) Not enough viewers for the media to show insights";
  return new GraphRefusal({message, type: "OAuthException", code: 10});
}
