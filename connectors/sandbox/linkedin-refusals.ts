/**
 * What LinkedIn refuses, in its words; `docs/sandbox-linkedin.md` says where each comes from. The bodies differ in shape
 * from one layer of the platform to the next, and so do these.
 */
import type {Answer} from "./platform.ts";

/** 404 for a path, a finder or a product that is not there (reported). */
export function noVirtualResource(): Answer {
  return {status: 404, body: {status: 404, code: "RESOURCE_NOT_FOUND", message: "No virtual resource found"}};
}

/** 404 for a thing that is not there; the words are assumed. */
export function notFound(message: string): Answer {
  return {status: 404, body: {message, status: 404}};
}

/** 401 without a token (documented). */
export function emptyToken(): Answer {
  return {status: 401, body: {message: "Empty oauth2_access_token", serviceErrorCode: 401, status: 401}};
}

/** 401 for a token that never was (reported). */
export function invalidToken(): Answer {
  return unauthorized(65600, "INVALID_ACCESS_TOKEN", "Invalid access token");
}

/** 401 for a token that was taken back (reported in full). */
export function revokedToken(): Answer {
  return unauthorized(65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user");
}

/** 401 for a token whose time is over (recorded). */
export function expiredToken(): Answer {
  return unauthorized(65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired");
}

function unauthorized(serviceErrorCode: number, code: string, message: string): Answer {
  return {status: 401, body: {status: 401, serviceErrorCode, code, message}};
}

/** 400 without a version (recorded). */
export function versionMissing(): Answer {
  const message = "A version must be present. Please specify a version by adding the LinkedIn-Version header.";
  return {status: 400, body: {status: 400, code: "VERSION_MISSING", message}};
}

/** 426 for a version that is over, or not yet (reported in full for the former). The message has it with a day. */
export function nonexistentVersion(version: string): Answer {
  const shown = /^\d{6}$/.test(version) ? `${version}01` : version;
  const message = `Requested version ${shown} is not active`;
  return {status: 426, body: {status: 426, code: "NONEXISTENT_VERSION", message}};
}

/** 403: the token's permissions or the member's role do not reach so far (recorded). */
export function accessDenied(method: string): Answer {
  return {status: 403, body: denied(`Not enough permissions to access: ${method}`)};
}

/** 403 for the statistics of a post of somebody else (reported). */
export function unpermittedField(field: string): Answer {
  const place = `Data Processing Exception while processing fields [/${field}]`;
  return {status: 403, body: denied(`Unpermitted fields present in PARAMETER: ${place}`)};
}

/** 403 for a post of somebody else (words reported). */
export function forbiddenPost(): Answer {
  const message = "Accessing the UGC resource is forbidden. Please check your permissions for this resource";
  return {status: 403, body: {message, status: 403}};
}

function denied(message: string): object {
  return {status: 403, serviceErrorCode: 100, code: "ACCESS_DENIED", message};
}

/** 400: neither a finder nor a batch is asked for, or another method than the header names (recorded). */
export function unresolvedMethod(): Answer {
  return illegalArgument("Resource method could not be resolved from request parameters.");
}

/** 400 for a URN in the path whose colons are not encoded (reported). */
export function pathSyntax(): Answer {
  return illegalArgument("Syntax exception in path variables");
}

function illegalArgument(message: string): Answer {
  return {status: 400, body: {status: 400, code: "ILLEGAL_ARGUMENT", message}};
}

/** 400 for a query that is not written as the protocol demands (recorded). */
export function invalidQuery(): Answer {
  return {status: 400, body: {serviceErrorCode: 0, message: "Invalid query parameters passed to request", status: 400}};
}

/** 400 for a parameter that must be there (reported). */
export function required(name: string): Answer {
  return plain(`Parameter '${name}' is required`);
}

/** 400 for a parameter of the wrong build (recorded for timeIntervals). */
export function invalidParameter(name: string): Answer {
  return plain(`Parameter '${name}' is invalid`);
}

/** 400 with a message alone. */
export function plain(message: string): Answer {
  return {status: 400, body: {message, status: 400}};
}

/** 400 for parameters that the method does not know (recorded). */
export function notAllowed(names: readonly string[]): Answer {
  return badRequest(names.map(name => ({input: {inputPath: {fieldPath: name}}, code: "QUERY_PARAM_NOT_ALLOWED"})));
}

/** 400 for a value that a parameter does not take (reported for others). */
export function badValue(name: string): Answer {
  const description = "Invalid value for param; wrong type or other syntax error";
  return badRequest([{description, input: {inputPath: {fieldPath: name}}, code: "PARAM_INVALID"}]);
}

function badRequest(inputErrors: object[]): Answer {
  const body = {
    errorDetailType: "com.linkedin.common.error.BadRequest",
    message: "Invalid param. Please see errorDetails for more information.",
    errorDetails: {inputErrors},
    status: 400
  };
  return {status: 400, body};
}

/** 422 (the status documented, the words assumed). */
export function unprocessable(): Answer {
  return {status: 422, body: {message: "Input validation failed", status: 422}};
}

/** 414 for a query beyond 4 KB that was not tunnelled (documented; its body assumed). */
export function tooLong(): Answer {
  return {status: 414, body: {message: "Request URI Too Long", status: 414}};
}

/** What stands in a batch for one that failed, and in the body of a 429 (recorded). */
export const throttled = {
  serviceErrorCode: 101,
  message: "Resource level throttle limit for calls to this resource is reached.",
  status: 429
};

/** 429 of a moment (recorded; no header says until when). */
export function rateLimited(): Answer {
  return {status: 429, body: throttled};
}

/** 429 until midnight UTC (reported). */
export function dayLimit(): Answer {
  const message = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.";
  return {status: 429, body: {...throttled, message}};
}

/** A refusal of the token endpoint. */
export function oauthError(status: number, error: string, error_description: string): Answer {
  return {status, body: {error, error_description}};
}
