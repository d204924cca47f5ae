/**
 * X, classic `daily_tweet_activity_metrics_*`: one row a day (UTC), of what happened on that day to posts of any age, so
 * that a month differs from the sum over its posts. The file names no account.
 */
import {exportKind, RowError} from "./kind.ts";
import {classicCounters} from "./x_classic.ts";

const counts = {tweets_published: ["tweets published"], ...classicCounters};

export const classicDaily = exportKind({
  kind: "classic_daily",
  platform: "x",
  title: "classic export of days from X (daily_tweet_activity_metrics)",
  columns: {date: ["date"], ...counts},
  needs: ["date", "tweets_published", "impressions", "retweets"],
  read(cell) {
    const date = cell.text("date")?.trim() ?? "";
    // A day may be exported before it ends, so the file is only known to be no older than its start.
    const at = new Date(`${date}T00:00:00.000Z`);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(at.getTime()) || !at.toISOString().startsWith(date)) {
      throw new RowError("date", "is no date such as 2021-05-08; export the file again");
    }
    const values = Object.fromEntries(Object.keys(counts).map(name => [name, cell.count(name)]));
    return {key: date, day: date, until: at, record: {date, ...values}};
  }
});
