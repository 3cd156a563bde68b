import { isUnreachable } from '../../backend/database/passing'
import { livePlaces, turnsOf } from '../../backend/engine/jobs/progress'
import type { Started } from '../../backend/engine/jobs/verbs'
import { effectiveLimits } from '../../backend/gate/limits'
import { startsInMs, turnText } from '../../backend/service/jobs/turn'
import { sources } from '../../backend/sources'
import type { Context } from './context'

/** Places of jobs that wait for their turn. */
export type Places = ReadonlyMap<string, { position: number; startsInMs: number | null; text: string }>

/** Reads all places with one query. */
export async function placesOf({ db, config }: Context, jobs: readonly Started[]): Promise<Places> {
  try {
    const turns = await turnsOf(
      db,
      jobs.map((job) => job.id),
    )
    if (turns.size === 0) return new Map()
    const running = { live: await livePlaces(db), sources, limits: effectiveLimits(sources, config.limits), config }
    return new Map(
      jobs.flatMap(({ id, estimate }) => {
        const turn = turns.get(id)
        if (!turn) return []
        const startsIn = startsInMs(turn, estimate, running)
        return [[id, { position: turn.position, startsInMs: startsIn, text: turnText(turn, startsIn, running) }]]
      }),
    )
  } catch (error) {
    // The jobs are committed; an error about their places would suggest that they are not.
    if (!isUnreachable(error)) throw error
    return new Map()
  }
}
