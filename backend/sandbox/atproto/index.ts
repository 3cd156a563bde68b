import { z } from 'zod'
import { whole } from '../base/options'
import { defineSandboxSource } from '../base/source'
import { Archive } from './archive'
import { controlRoutes } from './control'
import { AtprotoControls } from './controls'
import { ATPROTO_FAULTS } from './faults'
import { Handles } from './handles'
import { Pds } from './pds'
import { Plc } from './plc'
import { Register } from './register'
import { Relay } from './relay'
import { World } from './world'

/** A relay, a directory, a service for handles and some PDSes over one world of repos. */
export const atproto = defineSandboxSource({
  options: {
    repos: whole(1).default(40).meta({ value: 'accounts', description: 'accounts in the AT Protocol network' }),
    pdses: whole(1)
      .default(4)
      .meta({ value: 'servers', description: 'servers they live on, on the ports after --port where those are free' }),
    emptyRepos: z.coerce
      .number<number>('must be a number from 0 to 1')
      .min(0, 'must be a number from 0 to 1')
      .max(1, 'must be a number from 0 to 1')
      .default(0.1)
      .meta({ value: 'share', description: 'share of accounts whose records are all gone' }),
  },
  faults: ATPROTO_FAULTS,
  open(settings, options) {
    const { seed, oddities, end } = settings
    const world = new World({ ...options, seed, oddities, end })
    const register = new Register(world)
    const archive = new Archive(register)
    const hosts = Array.from({ length: options.pdses }, (_, number) => new Pds(settings, { register, archive }, number))
    const apis = [new Relay(settings, register, hosts), new Plc(settings, register), new Handles(settings, register)]
    const handle = new AtprotoControls(register, hosts)
    return {
      apis,
      hosts,
      located(addresses: string[]) {
        world.hosts = addresses
      },
      control: controlRoutes(handle),
      handle,
      reset() {
        for (const api of [...apis, ...hosts]) api.reset()
        register.reset()
        archive.reset()
      },
    }
  },
})
