import { session } from '../api/client'
import type { Me } from '../api/types'
import { useStore } from '../lib/store'

/** Who is logged in; pages are shown only once that is known. */
export function useMe(): Me {
  const me = useStore(session)
  if (me === null || me === 'out') return { who: 'reader', canWrite: false, version: '', tokenNeeded: true, sandbox: false }
  return me
}
