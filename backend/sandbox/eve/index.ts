import type { SandboxSettings, SandboxSource } from '../source'
import { Esi } from './esi'
import { ESI_FAULTS } from './esi-faults'
import { Listing } from './listing'
import { PAGE_FAULTS } from './page-faults'
import { Register } from './register'
import { Truth, type TruthFilter } from './truth'
import { World, type WorldOptions } from './world'
import { Zkillboard } from './zkillboard'

export interface EveSandbox extends SandboxSource {
  world: World
  register: Register
  truth: Truth
}

const PAGE_OF_TRUTH = 1000
const number = (value: unknown): number | undefined => (value === undefined ? undefined : Number(value))

function filterOf(input: Record<string, unknown>): TruthFilter {
  const { side, from, to } = input
  return {
    characterId: number(input.characterId),
    corporationId: number(input.corporationId),
    allianceId: number(input.allianceId),
    servable: input.servable === 'true' || input.servable === true,
    side: side === 'kills' || side === 'losses' ? side : undefined,
    from: from === undefined ? undefined : new Date(String(from)),
    to: to === undefined ? undefined : new Date(String(to)),
  }
}

/** zKillboard and ESI over one world of killmails. */
export function eveSandbox(settings: SandboxSettings, options: WorldOptions & { oldForm: boolean; fresh: number }): EveSandbox {
  const { clock } = settings.context
  const world = new World(options)
  const register = new Register(world, clock)
  const listing = new Listing(register, clock)
  const truth = new Truth(register, listing, clock)
  const apis = [new Zkillboard({ ...settings, oldForm: options.oldForm }, register, listing), new Esi(settings, register)]
  register.addFresh(options.fresh)
  return {
    name: 'eve',
    world,
    register,
    truth,
    apis,
    faults: { ...PAGE_FAULTS, ...ESI_FAULTS },
    control: {
      'GET /truth': async (input) => {
        const page = Number(input.page ?? 1)
        const filter = filterOf(input)
        return {
          count: await truth.count(filter),
          page,
          killmails: await truth.killmails(filter, (page - 1) * PAGE_OF_TRUTH, PAGE_OF_TRUTH),
        }
      },
      'GET /truth/sums': (input) => truth.sums(filterOf(input)),
      'POST /killmails/fresh': (input) => register.addFresh(Number(input.count ?? 1), number(input.age)),
      'POST /killmails/late': (input) => register.addLate(Number(input.count ?? 1), Number(input.near ?? Math.floor(options.scale / 2))),
    },
    reset() {
      for (const api of apis) api.reset()
      register.reset()
      register.addFresh(options.fresh)
    },
  }
}
