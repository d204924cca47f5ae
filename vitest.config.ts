import {defineConfig} from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Two writers on one DuckDB file corrupt it, and threads share a process: each test file gets a process of its own.
    pool: "forks",
    env: {TZ: "UTC"},
    testTimeout: 120_000
  }
});
