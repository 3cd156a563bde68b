import { z } from 'zod'
import { whole } from '../base/options'
import { defineSandboxSource } from '../base/source'
import { controlRoutes } from './control'
import { Esi } from './esi'
import { ESI_FAULTS } from './esi-faults'
import { Listing } from './listing'
import { PAGE_FAULTS } from './page-faults'
import { Register } from './register'
import { Truth } from './truth'
import { World } from './world'
import { Zkillboard } from './zkillboard'

/** Worlds of this many killmails have the fleet fight that real history has. */
const LARGE = 1000

/** zKillboard and ESI over one world of killmails. */
export const eve = defineSandboxSource({
  options: {
    scale: whole(1).default(5000).meta({ value: 'killmails', description: 'size of the world' }),
    years: whole(1).default(6).meta({ value: 'number', description: 'how far back it reaches' }),
    fresh: whole(0).default(0).meta({ value: 'killmails', description: 'killmails of ten minutes ago on top' }),
    bigAttackers: whole(0)
      .optional()
      .meta({ value: 'number', description: `attackers of the one big fight (4000; 40 in worlds below ${LARGE} killmails)` }),
    zkbForm: z
      .enum(['new', 'old'], 'must be new or old')
      .default('new')
      .meta({ value: 'form', description: 'new: whole bodies in the pages; old: killmail_id and zkb only' }),
  },
  faults: { ...PAGE_FAULTS, ...ESI_FAULTS },
  open(settings, options) {
    const { seed, oddities, end } = settings
    const { clock } = settings.context
    const { scale, years, fresh, bigAttackers = scale >= LARGE ? 4000 : 40, zkbForm } = options
    const world = new World({ scale, seed, end, years, bigAttackers, oddities })
    const register = new Register(world, clock)
    const listing = new Listing(register, clock)
    const truth = new Truth(register, listing, clock)
    const apis = [new Zkillboard({ ...settings, oldForm: zkbForm === 'old' }, register, listing), new Esi(settings, register)]
    register.addFresh(fresh)
    return {
      apis,
      control: controlRoutes(truth, register),
      handle: { world, register, truth },
      reset() {
        for (const api of apis) api.reset()
        register.reset()
        register.addFresh(fresh)
      },
    }
  },
})
