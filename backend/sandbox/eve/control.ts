import { type Input, whole } from '../base/input'
import type { ControlRoute } from '../base/source'
import type { Register } from './register'
import type { Truth, TruthFilter } from './truth'

const PAGE_OF_TRUTH = 1000
const dateOf = (value: unknown): Date | undefined => (value === undefined ? undefined : new Date(String(value)))

function filterOf(input: Input): TruthFilter {
  const { side, from, to } = input
  return {
    characterId: whole(input, 'characterId'),
    corporationId: whole(input, 'corporationId'),
    allianceId: whole(input, 'allianceId'),
    servable: input.servable === 'true' || input.servable === true,
    side: side === 'kills' || side === 'losses' ? side : undefined,
    from: dateOf(from),
    to: dateOf(to),
  }
}

/** What can be asked of the world of killmails, and done to it. */
export const controlRoutes = (truth: Truth, register: Register): Record<string, ControlRoute> => ({
  'GET /truth': {
    about: 'killmails that a complete backfill holds; ?characterId=… or corporationId, allianceId; side, from, to, servable=true, page',
    async run(input) {
      const page = whole(input, 'page') ?? 1
      const filter = filterOf(input)
      return {
        count: await truth.count(filter),
        page,
        killmails: await truth.killmails(filter, (page - 1) * PAGE_OF_TRUTH, PAGE_OF_TRUTH),
      }
    },
  },
  'GET /truth/sums': { about: 'totals of the same', run: (input) => truth.sums(filterOf(input)) },
  'POST /killmails/fresh': {
    about: '{"count", "age"}: new killmails at the head, `age` seconds old (600)',
    run: (input) => register.addFresh(whole(input, 'count') ?? 1, whole(input, 'age')),
  },
  'POST /killmails/late': {
    about: '{"count", "near"}: old killmails that are listed only now, around number `near`',
    run: (input) => register.addLate(whole(input, 'count') ?? 1, whole(input, 'near') ?? Math.floor(register.world.options.scale / 2)),
  },
})
