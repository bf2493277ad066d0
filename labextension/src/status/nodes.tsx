import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useCallback, useEffect, useRef, useState } from 'react';

import type { ClusterStatus, Node } from '../api';
import { describeError } from '../request';
import type { IClusterClient } from './client';
import { formatMemory } from './format';
import { ExternalLink, Section, Time } from './section';

/** The NodeManagers: asked for when the section is opened, never on their own. */
export function Nodes(props: {
  status: ClusterStatus;
  client: IClusterClient;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { status, client, trans } = props;
  const [open, setOpen] = useState(false);
  const { nodes, error, loading, load } = useNodes(client);
  const total = status.yarn?.metrics.nodes.total;

  const toggle = () => {
    setOpen(!open);
    if (!open) {
      load();
    }
  };
  const actions = (
    <>
      <button
        className="jp-mod-styled jp-jext-button"
        aria-expanded={open}
        onClick={toggle}
      >
        {open ? trans.__('Hide nodes') : trans.__('Show nodes')}
      </button>
      {open && (
        <button
          className="jp-mod-styled jp-jext-button"
          disabled={loading}
          onClick={load}
        >
          {trans.__('Refresh nodes')}
        </button>
      )}
    </>
  );
  return (
    <Section
      id="nodes"
      title={
        total === undefined ? trans.__('Nodes') : trans.__('Nodes (%1)', total)
      }
      actions={actions}
    >
      {open && error && (
        <p className="jp-jext-note jp-mod-error" role="alert">
          {error}
        </p>
      )}
      {open && !nodes && loading && (
        <p className="jp-jext-empty">{trans.__('Asking for the nodes…')}</p>
      )}
      {open && nodes && nodes.length === 0 && (
        <p className="jp-jext-empty">
          {trans.__('No NodeManager has registered.')}
        </p>
      )}
      {open && nodes && nodes.length > 0 && (
        <NodeTable nodes={nodes} trans={trans} />
      )}
    </Section>
  );
}

function useNodes(client: IClusterClient) {
  const [nodes, setNodes] = useState<Node[] | null>(null);
  const [error, setError] = useState('');
  const [loading, setLoading] = useState(false);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const load = useCallback(() => {
    setLoading(true);
    setError('');
    client
      .nodes()
      .then(list => alive.current && setNodes(list.nodes))
      .catch((reason: unknown) => {
        if (alive.current) {
          setError(describeError(reason));
        }
      })
      .finally(() => alive.current && setLoading(false));
  }, [client]);
  return { nodes, error, loading, load };
}

interface IColumn {
  id: string;
  label: string;
  /** What the column is sorted by. */
  key: (node: Node) => string | number;
  cell: (node: Node) => React.ReactNode;
}

function columns(trans: TranslationBundle): IColumn[] {
  return [
    {
      id: 'host',
      label: trans.__('Node'),
      key: node => node.host || node.id,
      cell: node => (
        <ExternalLink href={node.url}>{node.host || node.id}</ExternalLink>
      )
    },
    {
      id: 'state',
      label: trans.__('State'),
      key: node => node.state,
      cell: node => <NodeState node={node} />
    },
    {
      id: 'rack',
      label: trans.__('Rack'),
      key: node => node.rack,
      cell: node => node.rack
    },
    {
      id: 'containers',
      label: trans.__('Containers'),
      key: node => node.containers,
      cell: node => node.containers
    },
    {
      id: 'memory',
      label: trans.__('Memory used'),
      key: node => node.used.memory_mb,
      cell: node =>
        trans.__(
          '%1 of %2',
          formatMemory(node.used.memory_mb),
          formatMemory(node.used.memory_mb + node.available.memory_mb)
        )
    },
    {
      id: 'vcores',
      label: trans.__('Vcores used'),
      key: node => node.used.vcores,
      cell: node =>
        trans.__(
          '%1 of %2',
          node.used.vcores,
          node.used.vcores + node.available.vcores
        )
    },
    {
      id: 'labels',
      label: trans.__('Labels'),
      key: node => node.labels.join(', '),
      cell: node => node.labels.join(', ')
    },
    {
      id: 'updated',
      label: trans.__('Last heard of'),
      key: node => node.last_update_ms,
      cell: node => <Time ms={node.last_update_ms} />
    }
  ];
}

function NodeTable(props: {
  nodes: Node[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { nodes, trans } = props;
  const [sort, setSort] = useState({ id: 'host', descending: false });
  const all = columns(trans);
  const { key } = all.find(column => column.id === sort.id) ?? all[0];
  const sorted = [...nodes].sort(
    (a, b) => compare(key(a), key(b)) * (sort.descending ? -1 : 1)
  );
  return (
    <div className="jp-jext-table-wrap">
      <table className="jp-jext-table">
        <caption>{trans.__('NodeManagers of this cluster')}</caption>
        <thead>
          <tr>
            {all.map(({ id, label }) => (
              <th
                key={id}
                scope="col"
                aria-sort={
                  id !== sort.id
                    ? 'none'
                    : sort.descending
                      ? 'descending'
                      : 'ascending'
                }
              >
                <button
                  className="jp-jext-sort"
                  onClick={() =>
                    setSort({
                      id,
                      descending: id === sort.id && !sort.descending
                    })
                  }
                >
                  {label}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map(node => (
            <tr key={node.id} className={nodeClass(node)}>
              {all.map(({ id, cell }) =>
                id === 'host' ? (
                  <th key={id} scope="row">
                    {cell(node)}
                  </th>
                ) : (
                  <td key={id}>{cell(node)}</td>
                )
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NodeState(props: { node: Node }): React.JSX.Element {
  const { state, health_report } = props.node;
  return (
    <>
      <span className="jp-jext-tag">{state}</span>
      {health_report && (
        <span className="jp-jext-health"> {health_report}</span>
      )}
    </>
  );
}

/** Class of a row: what is lost or ill stands out. */
function nodeClass(node: Node): string {
  switch (node.state) {
    case 'RUNNING':
      return '';
    case 'LOST':
    case 'UNHEALTHY':
      return 'jp-mod-error';
    default:
      return 'jp-mod-warn';
  }
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}
