import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Frees at once what nothing refers to, so that what is measured then is what is kept, however busy the machine is. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
