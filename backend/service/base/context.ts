import type { Depths } from '../../../queues/depths'
import { type Config, settingsReader } from '../../config/config'
import type { Engine } from '../../engine/engine'
import { effectiveLimits, type Limits } from '../../gate/limits'
import { openUpstreams, type Upstreams } from './upstreams'

/** What every entry point works with: the engine's parts, the settings and the limits in force. */
export interface Service extends Engine {
  config: Config
  limits: Limits
  /** Whoever makes the service closes them. */
  upstreams: Upstreams
  /** Message counts of the queues; absent in a process that does not need them. */
  depths?: Depths
}

/** @throws {Refused} `setup` when LIMITS names an unknown limit */
export function createService(engine: Engine, config: Config, depths?: Depths): Service {
  const limits = effectiveLimits(engine.sources, config.limits)
  const upstreams = openUpstreams({ ...engine, config, limits })
  return { ...engine, settings: settingsReader(config), depths, config, limits, upstreams }
}
