/** Rates are those of the last 20 s. */
const RATE_MS = 20_000

/** Records per second by job, measured from one call to the next: none at the first. Jobs that are not asked for are forgotten. */
export function rateMeter(now: () => number = Date.now) {
  const samples = new Map<string, { at: number; seen: number }[]>()
  return (jobs: readonly { id: string; seen: number }[]): Map<string, number> => {
    const at = now()
    for (const [id, kept] of samples) if ((kept.at(-1)?.at ?? 0) < at - RATE_MS) samples.delete(id)
    return new Map(
      jobs.flatMap(({ id, seen }) => {
        const kept = [...(samples.get(id) ?? []).filter((sample) => sample.at >= at - RATE_MS), { at, seen }]
        samples.set(id, kept)
        const [first] = kept
        return first && at > first.at ? [[id, ((seen - first.seen) * 1000) / (at - first.at)] as const] : []
      }),
    )
  }
}
