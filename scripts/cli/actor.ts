import { hostname, userInfo } from 'node:os'
import type { Actor } from '../../backend/service/suite/actions'

/** The person who runs a command, for the list of actions. */
export function actor(): Actor {
  return { who: userName(), address: hostname(), entryPoint: 'cli' }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run as a user that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
