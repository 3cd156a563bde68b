import type { Depths } from '../../../queues/depths'
import { type Config, settingsReader } from '../../config/config'
import type { Engine } from '../../engine/engine'
import { effectiveLimits, type Limits } from '../../gate/limits'

/** What every entry point works with: the engine's parts, the settings and the limits in force. */
export interface Service extends Engine {
  config: Config
  limits: Limits
  /** Message counts of the queues; absent in a process that does not need them. */
  depths?: Depths
}

/** @throws {Refused} `setup` when LIMITS names an unknown limit */
export const createService = (engine: Engine, config: Config, depths?: Depths): Service => ({
  ...engine,
  settings: settingsReader(config),
  depths,
  config,
  limits: effectiveLimits(engine.sources, config.limits),
})
