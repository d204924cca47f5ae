/**
 * X, classic `tweet_activity_metrics_*` (2016 to 2022): one row a post. Times are UTC; the id holds the exact one. The
 * newest rows are often not counted yet; replies are in the file and known by a text that starts with `@`.
 */
import {exportKind, RowError} from "./kind.ts";
import {classicCounters} from "./x_classic.ts";

const snowflakeStart = 1_288_834_974_657;
/** Ids from before Snowflake (4 November 2010) hold no time. */
const firstSnowflake = 29_700_000_000n;

/** `twitter.com/HANDLE/status/ID`, or `/i/status/ID` and `/i/web/status/ID`, which name no account. */
const address =
  /^https?:\/\/(?:www\.|mobile\.)?(?:twitter|x)\.com\/([A-Za-z0-9_]{1,20})(?:\/web)?\/status\/(\d{1,19})(?:[/?#]|$)/;

export const classicTweets = exportKind({
  kind: "classic_tweets",
  platform: "x",
  title: "classic export of posts from X (tweet_activity_metrics)",
  columns: {
    id: ["tweet id"],
    permalink: ["tweet permalink"],
    text: ["tweet text"],
    time: ["time"],
    ...classicCounters,
    promoted_impressions: ["promoted impressions"]
  },
  needs: ["id", "permalink", "text", "time", "impressions", "retweets"],
  read(cell) {
    const permalink = cell.text("permalink")?.trim();
    const link = address.exec(permalink ?? "");
    if (link === null) throw new RowError("permalink", "is no address of a post on X; export the file again");
    const [, handle, linked] = link as unknown as [string, string, string];
    const id = idOf(cell.text("id")?.trim() ?? "", linked);
    const told = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}) \+0000$/.exec(cell.text("time")?.trim() ?? "");
    if (told === null) throw new RowError("time", "is no time such as 2021-06-07 18:51 +0000; export the file again");
    const byCell = new Date(`${told[1]}T${told[2]}:00.000Z`);
    if (Number.isNaN(byCell.getTime()) || !byCell.toISOString().startsWith(told[1]!)) {
      throw new RowError("time", "is no day or hour that exists; export the file again");
    }
    const byId = BigInt(id) > firstSnowflake ? new Date(Number(BigInt(id) >> 22n) + snowflakeStart) : byCell;
    const isSame = Math.abs(byId.getTime() - byCell.getTime()) < 3 * 60_000;
    const publishedAt = isSame ? byId : byCell;
    const written = cell.text("text");
    const text = written === undefined ? null : unescaped(written);
    const isReply = text?.startsWith("@") ?? false;
    const isPromoted =
      cell.text("promoted_impressions") === undefined ? null : cell.count("promoted_impressions") !== null;
    const impressions = cell.count("impressions");
    const engagements = cell.count("engagements");
    const isUncounted = impressions !== null && engagements !== null && engagements > impressions;
    return {
      key: id,
      day: publishedAt.toISOString().slice(0, 10),
      until: publishedAt,
      ...(handle === "i" ? {} : {account: {handle}}),
      notes: [
        ...(isSame ? [] : ["its time and its id disagree; the time of the file is taken"]),
        ...(isUncounted
          ? ["more engagements than impressions, so X had not counted it to the end; a later export is better"]
          : [])
      ],
      record: {
        tweet_id: id,
        permalink,
        published_at: publishedAt.toISOString(),
        text: isReply ? null : text,
        is_reply: isReply,
        is_promoted: isPromoted,
        impressions,
        engagements,
        retweets: cell.count("retweets"),
        replies: cell.count("replies"),
        likes: cell.count("likes"),
        user_profile_clicks: cell.count("user_profile_clicks"),
        url_clicks: cell.count("url_clicks"),
        hashtag_clicks: cell.count("hashtag_clicks"),
        detail_expands: cell.count("detail_expands"),
        permalink_clicks: cell.count("permalink_clicks"),
        follows: cell.count("follows"),
        media_views: cell.count("media_views")
      }
    };
  }
});

/**
 * The id as the cell gives it, or the permalink's where a spreadsheet has rounded the cell (`6.49E+17`, or 15 figures
 * and zeros) or lost it. Throws RowError where the two name different posts.
 */
function idOf(cell: string, linked: string): string {
  const isRounded =
    cell === "" ||
    /^\d(?:[.,]\d+)?e\+?\d+$/i.test(cell) ||
    cell === linked.slice(0, 15).padEnd(linked.length, "0") ||
    Number(cell) === Number(linked);
  if (cell !== linked && !isRounded) {
    throw new RowError("id", "the id is not the one in the permalink; export the file again");
  }
  return linked;
}

const letters: Record<string, string> = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&"};

/** The entities that X writes, each once. */
function unescaped(text: string): string {
  return text.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, entity => letters[entity]!);
}
