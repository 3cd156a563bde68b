import type { SandboxSettings, SandboxSource } from '../source'
import { Archive } from './archive'
import { AtprotoControls } from './controls'
import { ATPROTO_FAULTS } from './faults'
import { Handles } from './handles'
import { Pds } from './pds'
import { pdsLimit } from './pds-limits'
import { Plc } from './plc'
import { Register } from './register'
import { Relay } from './relay'
import { controlRoutes } from './routes'
import { World, type WorldOptions } from './world'

export interface AtprotoSandbox {
  source: SandboxSource
  controls: AtprotoControls
}

/** A relay, a directory and some PDSes over one world of repos. */
export function atprotoSandbox(settings: SandboxSettings, options: WorldOptions): AtprotoSandbox {
  const world = new World(options)
  const register = new Register(world)
  const archive = new Archive(register)
  const hosts = Array.from({ length: options.pdses }, (_, number) => new Pds(settings, { register, archive }, number))
  const apis = [new Relay(settings, register, hosts), new Plc(settings, register), new Handles(settings, register)]
  const limits = Object.assign({ pds: pdsLimit(settings) }, ...apis.map((api) => api.limits))
  const controls = new AtprotoControls(register, hosts, limits)
  return {
    controls,
    source: {
      name: 'atproto',
      apis,
      hosts,
      located: (addresses) => {
        world.hosts = addresses
      },
      faults: ATPROTO_FAULTS,
      control: controlRoutes(controls),
      reset() {
        for (const api of [...apis, ...hosts]) api.reset()
        register.reset()
        archive.reset()
      },
    },
  }
}
