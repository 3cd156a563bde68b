import { counted } from '../lib/format'
import { createStore } from '../lib/store'
import { useOverview } from '../shell/overview'
import { Icon } from '../ui/icon'

/** Whether the tray of alerts is open. */
export const tray = createStore(false)

/** Opens the tray; shows how many alerts nobody has acknowledged. */
export function AlertsButton() {
  const open = useOverview()?.alertsOpen
  const text = open === undefined ? 'not read yet' : open === 0 ? 'none that nobody knows of' : `${counted(open, 'alert')} not acknowledged`
  return (
    <button
      type="button"
      class="button plain small square alerts-button"
      aria-label={`Alerts: ${text}`}
      title="Alerts"
      onClick={() => tray.set(true)}
    >
      <Icon name="alarm" />
      {open ? <span class="alerts-count">{open > 99 ? '99+' : open}</span> : null}
    </button>
  )
}
