/** A member's own profile: the number of followers, and the counters of posts that are known by their URNs. */
import {z} from "zod";
import {type Part, partRead, stream} from "./connector.ts";
import {rest, typeOf, urn} from "./linkedin-rest.ts";

const count = z.int();

/** What of a member's post is counted, each asked for by a call of its own. */
const memberMetrics = {
  impressions: "IMPRESSION",
  reach: "MEMBERS_REACHED",
  reshares: "RESHARE",
  reactions: "REACTION",
  comments: "COMMENT"
};

const memberParts: Record<string, Part> = Object.fromEntries(
  Object.entries(memberMetrics).map(([name, queryType]) => [
    name,
    {
      what: `${name} of a member's post`,
      metrics: [queryType],
      read: partRead({
        docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/post-statistics",
        // An activity, as addresses of posts name it, is not taken.
        id: ({id}) => (/^urn:li:(share|ugcPost):\d+$/.test(String(id)) ? String(id) : undefined),
        request: ({ids, metrics}) => {
          const [id] = ids!;
          const kind = typeOf(id!) === "share" ? "share" : "ugc";
          return rest("memberCreatorPostAnalytics", `memberCreatorPostAnalytics?queryType=${queryType}`, {
            q: "entity",
            entity: `(${kind}:${urn(id!)})`,
            queryType: metrics[0]!,
            aggregation: "TOTAL"
          });
        },
        size: 1,
        answer: z.object({elements: z.array(z.object({count}))}),
        values: ({elements}, {ids}) => new Map(elements.map(element => [ids![0]!, element.count])),
        absent: () => "not_offered"
      })
    }
  ])
);

export const memberStreams = {
  member_account: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/follower-statistics",
    kinds: ["member"],
    answer: z.object({elements: z.array(z.object({memberFollowersCount: count})).min(1)}),
    key: "followers",
    records: ({elements}) => [{followers: elements[0]!.memberFollowersCount}],
    snapshot: {request: () => rest("memberFollowersCount", "memberFollowersCount?q=me", {q: "me"})}
  }),
  member_posts: stream({
    docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/members/post-statistics",
    kinds: ["member"],
    // A member's posts cannot be listed: what is read of them are their parts.
    answer: z.never(),
    key: "id",
    records: () => [],
    publishedAt: ({id}) => new Date(timeOf(String(id))),
    isUnlisted: true,
    stub: id => ({id, published_at: timeOf(id)}),
    parts: memberParts
  })
};

/** The number of a URN holds its post's time: `id >> 22` milliseconds since 1970 (reported, not documented). */
function timeOf(id: string): string {
  const number = /:(\d{15,20})$/.exec(id)?.[1];
  return new Date(number === undefined ? 0 : Number(BigInt(number) >> 22n)).toISOString();
}
