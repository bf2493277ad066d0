import type { IStateDB } from '@jupyterlab/statedb';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

const KEY = 'jupyter-ext:collapsed';

/** Which cards are collapsed, remembered by the name of the cluster. */
export class Collapse {
  /**
   * @param state - Where it is remembered; forgotten on reload if null.
   */
  constructor(private readonly _state: IStateDB | null = null) {}

  /** Whether a card nobody has touched is collapsed. */
  get byDefault(): boolean {
    return this._byDefault;
  }
  set byDefault(value: boolean) {
    if (value !== this._byDefault) {
      this._byDefault = value;
      this._changed.emit();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Read what was remembered. */
  async restore(): Promise<void> {
    const saved = await this._state?.fetch(KEY);
    if (saved && typeof saved === 'object') {
      this._chosen = { ...(saved as Record<string, boolean>), ...this._chosen };
      this._changed.emit();
    }
  }

  isCollapsed(name: string): boolean {
    return this._chosen[name] ?? this._byDefault;
  }

  toggle(name: string): void {
    this._choose([name], !this.isCollapsed(name));
  }

  /** Collapse all of these, or expand them if all of them are collapsed. */
  toggleAll(names: ReadonlyArray<string>): void {
    this._choose(
      names,
      names.some(name => !this.isCollapsed(name))
    );
  }

  private _choose(names: ReadonlyArray<string>, collapsed: boolean): void {
    this._chosen = { ...this._chosen };
    for (const name of names) {
      this._chosen[name] = collapsed;
    }
    this._changed.emit();
    void this._state?.save(KEY, this._chosen);
  }

  private _byDefault = false;
  private _chosen: Record<string, boolean> = {};
  private readonly _changed = new Signal<this, void>(this);
}
