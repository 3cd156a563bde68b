import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects at once what nothing refers to: what is measured after it is what is kept, however busy the machine is. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
