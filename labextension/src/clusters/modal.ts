import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type React from 'react';

/**
 * Lets a React body alone: the default renderer wraps its form controls in elements that React
 * doesn't know of.
 */
class Renderer extends Dialog.Renderer {
  override createBody(body: Widget): Widget {
    MessageLoop.sendMessage(body, Widget.Msg.UpdateRequest);
    body.addClass('jp-Dialog-body');
    return body;
  }

  /** The body has the buttons, because what they do depends on its state. */
  override createFooter(): Widget {
    const footer = new Widget();
    footer.hide();
    return footer;
  }
}

/** A dialog that a click beside it doesn't close: nothing typed is lost by accident. */
class Modal extends Dialog<void> {
  /** Keep the focus inside: the base class does so only where the last button is its own. */
  protected override _evtKeydown(event: KeyboardEvent): void {
    if (event.key === 'Tab') {
      const stops = [
        ...this.node.querySelectorAll<HTMLElement>('button, input, select')
      ].filter(node => node.tabIndex >= 0 && !node.matches(':disabled'));
      const last = stops[stops.length - 1];
      const [from, to] = event.shiftKey ? [stops[0], last] : [last, stops[0]];
      if (from && document.activeElement === from) {
        event.preventDefault();
        event.stopPropagation();
        to.focus();
      }
    } else {
      super._evtKeydown(event);
    }
  }

  protected override _evtClick(event: MouseEvent): void {
    const content = this.node.querySelector('.jp-Dialog-content');
    if (!content?.contains(event.target as Node)) {
      event.stopPropagation();
      event.preventDefault();
    }
  }
}

/**
 * Show a modal dialog whose buttons are part of its body.
 *
 * @param body - Makes the body; its argument closes the dialog.
 * @param focus - Selector of the element that has the focus at first.
 * @returns When the dialog is closed.
 */
export async function openModal(
  title: string,
  body: (close: () => void) => React.ReactElement,
  focus: string
): Promise<void> {
  const close = () => dialog.reject();
  const dialog: Dialog<void> = new Modal({
    title,
    body: ReactWidget.create(body(close)) as Dialog.IBodyWidget<void>,
    buttons: [],
    renderer: new Renderer(),
    focusNodeSelector: focus
  });
  dialog.addClass('jp-jext-modal');
  dialog.node.setAttribute('aria-label', title);
  await dialog.launch();
}
