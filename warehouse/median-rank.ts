/**
 * Ranks that bound a median: the r-th smallest and the r-th largest of n values hold it between them with at least 90 %.
 *
 * r is the largest rank with 2·P(Bin(n, ½) < r) ≤ 10 % (exact, from order statistics): n 5 → 1, 8 → 2, 12 → 3.
 */

/** The rank for each n from 5 (below it no rank covers 90 %) up to `most`. */
export function medianRanks(most: number): {n: number; rank: number}[] {
  return Array.from({length: most - 4}, (_, index) => ({n: index + 5, rank: rankFor(index + 5)}));
}

function rankFor(n: number): number {
  let chance = 0;
  let logTerm = -n * Math.LN2; // ln P(Bin(n, 1/2) = 0)
  for (let k = 0; k < n; k++) {
    chance += Math.exp(logTerm);
    if (2 * chance > 0.1) return k;
    logTerm += Math.log(n - k) - Math.log(k + 1);
  }
  return n;
}
