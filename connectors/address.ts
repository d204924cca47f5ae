/** Which addresses anything may be sent to. */

/** Whether an address is on this machine itself. */
export function isLoopback({hostname}: URL): boolean {
  return /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
}

/** Whether nobody on the way can read what is sent to an address: it is https, or http on this machine. */
export function isConfidential(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url));
}

/** The address of an API server; undefined when it is not confidential, or holds more than host and path. */
export function serverAddress(given: string): URL | undefined {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isBare = url && !(url.username || url.password || url.search || url.hash);
  return isBare && isConfidential(url) ? url : undefined;
}
