/**
 * The landing zone: immutable files of what was fetched or imported, and a chained manifest that acknowledges them.
 *
 * Landing is the truth; the warehouse is a cache of it. A file counts once its manifest line is on disk: a crash before
 * that leaves a file nobody reads, a crash during it leaves a torn last line that is cut off at the next opening.
 */
import {createHash} from "node:crypto";
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync
} from "node:fs";
import {mkdir, open, rename} from "node:fs/promises";
import {dirname, join} from "node:path";
import {gzipSync} from "node:zlib";

/** Who the records of a file are about; kept in the manifest so that a rebuild needs no configuration. */
export interface LandedAccount {
  account_id: string;
  platform: string;
  platform_account_id: string;
  name: string;
  kind: string;
  handle: string | null;
}

/** What is known of a file before it is written. */
export interface Batch {
  run_id: string;
  platform: string;
  stream: string;
  source: "api" | "export" | "register";
  account: LandedAccount;
  /** When the platform was asked, or when an export file was made; ISO, UTC. */
  captured_at: string;
  /** The calendar day in the configured time zone on which the run began, or on which an export file was made. */
  captured_on: string;
  /** Where the stream goes on next time; only on the last file of a stream that ended well. */
  cursor: Record<string, unknown> | null;
  /** First and last day that an export file speaks of, or that a backfill read whole; else the day of capture. */
  covers_from: string;
  covers_to: string;
  /** Export files: sha256 of the original, so that the same file twice changes nothing. */
  original?: {name: string; sha256: string; kind: string};
}

/** One line of the manifest: a file that is acknowledged. */
export interface Landed extends Batch {
  file: string;
  sha256: string;
  rows: number;
  landed_at: string;
  /** Hash of the line before, `""` for the first. */
  previous: string;
}

/** A landing zone that is damaged: which line or file, and what to do. */
export class LandingError extends Error {
  override name = "LandingError";
}

/** The landing zone of a data folder. */
export class Landing {
  readonly lines: Landed[] = [];
  private last = "";
  /** The manifest's lines are chained, so they are written one after the other. */
  private acknowledging: Promise<void> = Promise.resolve();
  private counts = new Map<string, number>();

  private constructor(readonly folder: string) {}

  /**
   * Opens the zone, creating it if needed, drops the half-written files of a run that was killed, and verifies the
   * manifest's chain. Throws LandingError where it is broken.
   */
  static open(dataDir: string): Landing {
    const landing = new Landing(join(dataDir, "landing"));
    mkdirSync(landing.folder, {recursive: true, mode: 0o700});
    for (const name of readdirSync(landing.folder, {recursive: true, encoding: "utf8"})) {
      if (name.endsWith(".ndjson.gz.tmp")) rmSync(join(landing.folder, name));
    }
    landing.readManifest();
    return landing;
  }

  /**
   * Writes records as new files, one a batch, and acknowledges them together; returns their manifest lines. Files are
   * flushed side by side, because the disk takes many flushes at once in hardly more time than one.
   */
  async append(batches: readonly {batch: Batch; records: readonly unknown[]}[], landedAt: Date): Promise<Landed[]> {
    const written = batches.map(async ({batch, records}): Promise<Landed> => {
      const file = this.nextFile(batch);
      const content = gzipSync(records.map(record => `${JSON.stringify(record)}\n`).join(""), {level: 1});
      await writeDurably(join(this.folder, file), content);
      const facts = {file, sha256: sha256(content), rows: records.length, landed_at: landedAt.toISOString()};
      return {...batch, ...facts, previous: ""};
    });
    // One that failed must not leave the others writing when the lock is given away.
    await Promise.allSettled(written);
    const lines = await Promise.all(written);
    this.acknowledging = this.acknowledging.then(() => this.acknowledge(lines));
    await this.acknowledging;
    return lines;
  }

  /** Absolute path of a landed file. */
  path(line: Landed): string {
    return join(this.folder, line.file);
  }

  /** Files whose content no longer matches the manifest, or that are missing. */
  damaged(): Landed[] {
    return this.lines.filter(line => {
      const path = this.path(line);
      return !existsSync(path) || sha256(readFileSync(path)) !== line.sha256;
    });
  }

  private get manifest(): string {
    return join(this.folder, "manifest.ndjson");
  }

  private nextFile(batch: Batch): string {
    const key = `${batch.platform}/${batch.stream}/${batch.run_id}`;
    const n = (this.counts.get(key) ?? 0) + 1; // a count of files, not of data
    this.counts.set(key, n);
    return `${key}-${n}.ndjson.gz`;
  }

  private async acknowledge(lines: readonly Landed[]): Promise<void> {
    if (lines.length === 0) return;
    let {last} = this;
    const texts = lines.map(line => {
      line.previous = last;
      const text = JSON.stringify(line);
      last = sha256(text);
      return `${text}\n`;
    });
    const handle = await open(this.manifest, "a", 0o600);
    try {
      await handle.appendFile(texts.join("")); // all of it, or an error: `write` may write a part and say so
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.last = last;
    this.lines.push(...lines);
  }

  private readManifest(): void {
    for (const [index, line] of wholeLines(this.manifest).entries()) {
      const landed = parseLine(line, index + 1, this.manifest);
      if (landed.previous !== this.last) {
        throw new LandingError(
          `${this.manifest} line ${index + 1}: the chain is broken, a line before it was changed or removed; restore the landing folder from a backup`
        );
      }
      this.last = sha256(line);
      this.lines.push(landed);
      const [key, n] = splitFile(landed.file);
      this.counts.set(key, Math.max(n, this.counts.get(key) ?? n));
    }
  }
}

/** The lines of an NDJSON file; a last one that a crash left torn is cut off, so that the next is not joined to it. */
export function wholeLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  return whole === "" ? [] : whole.slice(0, -1).split("\n");
}

/** Appends one JSON line to an NDJSON file and waits until it is on disk; creates the file with mode 0600. */
export function appendLine(path: string, value: unknown): void {
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  const handle = openSync(path, "a", 0o600);
  try {
    appendFileSync(handle, `${JSON.stringify(value)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

async function writeDurably(path: string, content: Buffer): Promise<void> {
  await mkdir(dirname(path), {recursive: true, mode: 0o700});
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r"); // the rename itself must reach the disk
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function parseLine(line: string, number: number, manifest: string): Landed {
  try {
    return JSON.parse(line) as Landed;
  } catch (cause) {
    throw new LandingError(`${manifest} line ${number}: not JSON; restore the landing folder from a backup`, {cause});
  }
}

function splitFile(file: string): [key: string, n: number] {
  const match = /^(.*)-(\d+)\.ndjson\.gz$/.exec(file);
  return match ? [match[1]!, Number(match[2])] : [file, 1];
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
