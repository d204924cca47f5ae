/**
 * LinkedIn: an organisation's page with its posts, and a member's own profile; here how to get in, and what is refused.
 * Days are UTC days.
 */
import {z} from "zod";
import {accessCheck, connector, type Problem} from "./connector.ts";
import {memberStreams} from "./linkedin-member.ts";
import {pageStreams} from "./linkedin-page.ts";
import {postStreams} from "./linkedin-posts.ts";
import {pageKinds} from "./linkedin-rest.ts";

const notThere =
  "LinkedIn has no such thing, or not for this app: a member's profile needs the upgraded tier of the Community Management product, else check the account's id and kind (docs/linkedin.md)";

const sixtyDays = "it ends 60 days after it was made";

export const linkedin = connector({
  platform: "linkedin",
  docs: "https://learn.microsoft.com/en-us/linkedin/marketing/community-management",
  baseUrl: "https://api.linkedin.com",
  apiVersion: "202609",
  auth: [
    {
      scheme: "oauth2",
      keys: ["client_id", "client_secret", "refresh_token"],
      userContext: true,
      tokenPath: "/oauth/v2/accessToken",
      tokenBaseUrl: "https://www.linkedin.com",
      isClientInForm: true
    },
    {scheme: "bearer", keys: ["token"], userContext: true, lasts: sixtyDays},
    // The app's id and secret let `check` ask when the token ends.
    {scheme: "bearer", keys: ["client_id", "client_secret", "token"], userContext: true, lasts: sixtyDays}
  ],
  access: accessCheck({
    docs: "https://learn.microsoft.com/en-us/linkedin/shared/authentication/token-introspection",
    baseUrl: "https://www.linkedin.com",
    request: ({auth: {client_id, client_secret, token} = {}}) =>
      client_id === undefined || client_secret === undefined || token === undefined
        ? undefined
        : {
            method: "POST",
            path: "/oauth/v2/introspectToken",
            endpoint: "/oauth/v2/introspectToken",
            query: {},
            form: {client_id, client_secret, token}
          },
    answer: z.object({
      active: z.boolean(),
      expires_at: z.int().optional(),
      scope: z.string().optional()
    }),
    access: ({active, expires_at: seconds, scope}) => ({
      isValid: active,
      endsAt: seconds === undefined ? undefined : new Date(seconds * 1000),
      permissions: scope?.split(/[\s,]+/)
    })
  }),
  permissions: [
    {name: "r_organization_social", kinds: pageKinds, gives: "the posts"},
    {name: "rw_organization_admin", kinds: pageKinds, gives: "followers, statistics and views of the page"},
    {name: "r_member_postAnalytics", kinds: ["member"], gives: "the counters of the member's posts"},
    {name: "r_member_profileAnalytics", kinds: ["member"], gives: "the member's followers"}
  ],
  headers: ({apiVersion}) => ({"LinkedIn-Version": apiVersion, "X-Restli-Protocol-Version": "2.0.0"}),
  encodeQuery: value => value,
  isFree: true,
  errors: [
    {type: "day-limit", then: "next night"},
    {status: 429, then: "wait"},
    {
      status: 401,
      then: "tell a person",
      action: "the access has ended; sign in again (docs/linkedin.md) and put the new token into .env"
    },
    {
      status: 403,
      then: "drop the part",
      as: "not_permitted",
      action: "the app or the person behind it lacks a permission; see docs/linkedin.md"
    },
    {
      status: 426,
      then: "tell a person",
      action: "this version of LinkedIn's API has ended; set api_version in megaphone.yaml to a newer month"
    },
    {type: "no-metric", then: "drop the metric"},
    {title: "RESOURCE_NOT_FOUND", then: "withdrawn", action: notThere},
    {status: 404, then: "gone", action: notThere},
    {status: 422, then: "refuse"},
    {status: 400, then: "refuse"}
  ],
  problems,
  streams: {...pageStreams, ...postStreams, ...memberStreams}
});

const refusal = z.object({
  status: z.int(),
  code: z.string().optional(),
  serviceErrorCode: z.int().optional(),
  message: z.string().optional(),
  errorDetails: z
    .object({inputErrors: z.array(z.object({input: z.object({inputPath: z.object({fieldPath: z.string()})})}))})
    .optional()
});

/** The fault of a body. That a limit lasts for the day, or that a metric is refused, no code of its own tells. */
function problems(body: unknown): Problem[] {
  const {data} = refusal.safeParse(body);
  if (data === undefined || data.status < 400) return [];
  const {status, code: title, serviceErrorCode: code, message = "", errorDetails} = data;
  const field = errorDetails?.inputErrors[0]?.input.inputPath.fieldPath;
  const isOfDay = status === 429 && message.includes("DAY limit");
  const isOfMetric = status === 400 && (field === "type" || field === "queryType");
  return [{status, code, title, field, type: isOfDay ? "day-limit" : isOfMetric ? "no-metric" : undefined}];
}
