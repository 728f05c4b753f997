// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { addressOf, go, type Route } from '../data/route';

/** A link to a view: a real one, so that it can be opened in a tab of its own. */
export function Link(props: {
  to: Route;
  children: ComponentChildren;
  class?: string;
  current?: boolean;
  title?: string;
}) {
  const follow = (event: MouseEvent) => {
    if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      go(props.to);
      window.scrollTo(0, 0);
    }
  };
  return (
    <a
      href={addressOf(props.to)}
      onClick={follow}
      class={props.class}
      title={props.title}
      aria-current={props.current ? 'page' : undefined}
    >
      {props.children}
    </a>
  );
}
