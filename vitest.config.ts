import {defineConfig} from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/pipelines/compiled.ts",
    // Two writers on one DuckDB file corrupt it, and threads share a process: each test file gets a process of its own.
    pool: "forks",
    // Most of the time goes into processes that tests start and wait for.
    maxWorkers: 2,
    env: {TZ: "UTC"},
    testTimeout: 120_000,
    hookTimeout: 120_000
  }
});
