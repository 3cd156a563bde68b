import { createHash } from 'node:crypto'
import type { Killmail } from './shapes'

const FILETIME_OF_1970 = 116444736000000000n

/**
 * The killmail hash as the game makes it: SHA-1 over victim, final blow, lost ship and time as a Windows FILETIME,
 * written as decimal text without separators; a missing character is written `None`.
 */
export function gameHash(body: Killmail): string {
  const finalBlow = body.attackers.find((attacker) => attacker.final_blow)
  const filetime = BigInt(Date.parse(body.killmail_time)) * 10_000n + FILETIME_OF_1970
  const text = [body.victim.character_id ?? 'None', finalBlow?.character_id ?? 'None', body.victim.ship_type_id, filetime].join('')
  return createHash('sha1').update(text).digest('hex')
}
