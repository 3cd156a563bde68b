import type { Budget, Need } from '../../backend/service/jobs/budget'

/*
 * Jobs that share the budget of a day, request by request: whose turn it is as the scheduler chooses, and what the gate counts.
 */

export interface Run {
  jobs: readonly Need[]
  room: number
  dayMs: number
  /** Requests in a second. */
  perSecond: number
  /** When it is asked how long the jobs still take, ms. */
  askedAt: number
  random: () => number
}

/** Of a run: when each job made its last request, ms, and what was known when it was asked. */
export function budgetRun({ jobs, room, dayMs, perSecond, askedAt, random }: Run) {
  const partMs = Math.ceil(dayMs / 60)
  // As backhaul.gate_reach.
  const reachMs = dayMs + Math.min(1000, Math.max(50, dayMs / 100)) * 1.5
  const used = new Map<number, number>()
  const ends = new Map<string, number>()
  const all = jobs.map((job) => ({ ...job }))
  const open = () => all.filter(({ requests }) => requests > 0)
  const counted = (now: number) => [...used].filter(([end]) => end + reachMs > now)
  const known = (now: number): { needs: Need[]; budget: Budget } => ({
    needs: open().map((job) => ({ ...job })),
    budget: {
      ...{ room, partMs, reachMs, intoPartMs: now % partMs, perMs: perSecond / 1000 },
      used: counted(now).map(([end, requests]) => ({ inMs: end + reachMs - now, requests })),
    },
  })
  let asked: ReturnType<typeof known> | undefined
  let now = 0
  while (open().length > 0) {
    const least = Math.min(...open().map(({ served }) => served))
    const next = open().filter(({ served }) => served === least)
    const job = next[Math.floor(random() * next.length)] as (typeof all)[number]
    for (let page = 0; page < job.weight && job.requests > 0; page++) {
      const full = counted(now)
      const isFull = full.reduce((sum, [, requests]) => sum + requests, 0) >= room
      const at = isFull ? Math.min(...full.map(([end]) => end)) + reachMs : now
      if (!asked && at >= askedAt) asked = known(askedAt)
      const end = (Math.floor(at / partMs) + 1) * partMs
      used.set(end, (used.get(end) ?? 0) + 1)
      job.requests--
      job.served += 1 / job.weight
      if (job.requests === 0) ends.set(job.id, at)
      // No answer takes as long as another.
      now = at + (1000 / perSecond) * (0.7 + 0.6 * random())
    }
  }
  return { ends, asked }
}
