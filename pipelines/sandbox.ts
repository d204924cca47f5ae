/** `sandbox`: the platforms' APIs on loopback, on their own, for trying connectors. */
import {mkdirSync, writeFileSync} from "node:fs";
import {dirname, join, resolve} from "node:path";
import {ConfigError} from "../connectors/errors.ts";
import {faultNames, isFault, type Sandbox, startSandbox} from "../connectors/sandbox/sandbox.ts";
import type {Context, SandboxOptions} from "./context.ts";

/** Serves until it is interrupted; `--fault list` names the faults instead. */
export async function sandbox(context: Context, options: SandboxOptions): Promise<number> {
  if (options.fault.includes("list")) {
    const lines = Object.entries(faultNames).map(([name, what]) => `${name}: ${what}`);
    context.stdout(context.json ? `${JSON.stringify(faultNames)}\n` : `${lines.join("\n")}\n`);
    return 0;
  }
  const stranger = options.fault.find(name => !isFault(name));
  if (stranger !== undefined) throw new ConfigError(`--fault ${stranger}: no such fault; --fault list names them`);
  const server = await startSandbox({
    port: options.port,
    faults: options.fault,
    ...(options.posts === undefined ? {} : {posts: options.posts}),
    ...(options.night === undefined ? {} : {night: options.night})
  });
  try {
    if (options.configOut !== undefined) writeConfig(resolve(context.cwd, options.configOut), server);
    context.stdout(context.json ? `${JSON.stringify({url: server.url})}\n` : `${server.url}\n`);
    await new Promise<void>(done => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
    });
  } finally {
    await server.close();
  }
  return 0;
}

/** The accounts of a sandbox as `megaphone.yaml` names them, and the `.env` with their secrets. */
export function configFor(server: Sandbox): {yaml: string; env: string} {
  const variables: string[] = [];
  const accounts = server.accounts.map(account => {
    const auth = Object.entries(account.auth).map(([key, value]) => {
      const variable = `${account.platform}_${key}`.toUpperCase();
      variables.push(`${variable}=${value}`);
      return `      ${key}: \${${variable}}`;
    });
    return [
      `  - platform: ${account.platform}`,
      `    kind: ${account.kind}`,
      `    id: "${account.id}"`,
      `    name: ${account.name} ${account.platform}`,
      `    aliases: [${account.aliases.join(", ")}]`,
      "    auth:",
      ...auth,
      `    base_url: ${account.baseUrl}`
    ].join("\n");
  });
  return {yaml: `accounts:\n${accounts.join("\n")}\n`, env: `${variables.join("\n")}\n`};
}

function writeConfig(path: string, server: Sandbox): void {
  const {yaml, env} = configFor(server);
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  writeFileSync(path, `organisation: Sandbox\ntimezone: Europe/Zurich\n${yaml}`, {mode: 0o600});
  writeFileSync(join(dirname(path), ".env"), env, {mode: 0o600});
}
