import type { AlertGroup as Group } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useMe } from '../hooks/use-me'
import { useStore } from '../lib/store'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { AlertGroup } from './alert-group'
import { tray } from './alerts-button'

const EVERY_MS = 5000

/** The alerts of the suite, over the page: a panel at its side, on a phone a sheet. */
export function Tray() {
  return useStore(tray) ? <Panel /> : null
}

function Panel() {
  const { canWrite } = useMe()
  const alerts = useFetch<{ groups: Group[] }>('/api/alerts/groups', { everyMs: EVERY_MS })
  const close = () => tray.set(false)
  return (
    <Dialog kind="tray" title="Alerts" onClose={close}>
      <div class="tray-close">
        <Button small kind="plain" icon="close" label="Close the alerts" onClick={close} />
      </div>
      <Loaded of={alerts}>
        {({ groups }) =>
          groups.length === 0 ? (
            <Empty title="No alerts" icon="check">
              <p>Nothing needs a person now.</p>
            </Empty>
          ) : (
            groups.map((group) => (
              <AlertGroup key={group.kind} group={group} canWrite={canWrite} onLeave={close} onChange={() => void alerts.refresh()} />
            ))
          )
        }
      </Loaded>
    </Dialog>
  )
}
