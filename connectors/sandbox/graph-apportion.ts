/** Whole parts of a whole, in given proportions. */

/** Shares a whole number out by weights, the rest to the largest remainders, the first of equal ones first. */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum <= 0) return weights.map(() => 0);
  const exact = weights.map(weight => (total * weight) / sum);
  const parts = exact.map(Math.floor);
  const left = total - parts.reduce((all, part) => all + part, 0);
  const byRemainder = exact.map((share, index) => ({index, rest: share - Math.floor(share)}));
  byRemainder.sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const {index} of byRemainder.slice(0, left)) parts[index]! += 1;
  return parts;
}
