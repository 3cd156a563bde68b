import { question } from '../lib/ask'
import { useStore } from '../lib/store'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'

/** The question that is open, if any. */
export function Confirm() {
  const it = useStore(question)
  if (!it) return null
  return (
    <Dialog title={it.title} onClose={() => it.answer(false)}>
      <p>{it.text}</p>
      <div class="dialog-foot">
        <Button autofocus onClick={() => it.answer(false)}>
          Go back
        </Button>
        <Button kind={it.danger ? 'danger primary' : 'primary'} onClick={() => it.answer(true)}>
          {it.action}
        </Button>
      </div>
    </Dialog>
  )
}
