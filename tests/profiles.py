"""Browser profiles, lent to one visitor after another: whoever comes finds theirs as new, but for what the browser
keeps of the app's own files. A tab that has compiled the app's scripts opens it for a third of what a new one takes.

Knows nothing of the page. Profiles are told apart by what a tab cannot be cleared of: the facts of its context, and
the scripts that run before the page's own.
"""


class Profiles:
    """All of one browser's. `new_context` is the browser's own, for a test that makes a profile by itself."""

    def __init__(self, browser):
        self.new_context, self._browser = browser.new_context, browser
        self._free: dict[tuple, list] = {}  # blank tabs, each alone in its context
        self._kinds: dict[object, tuple] = {}

    def lend(self, scripts: list[str], **facts):
        """A blank tab where `scripts` run before the page's own."""
        kind = (*scripts, *sorted(facts.items()))
        if free := self._free.setdefault(kind, []):
            return free.pop()
        page = self.new_context(**facts).new_page()
        for script in scripts:
            page.add_init_script(script)
        self._kinds[page] = kind
        return page

    def give_back(self, page, address: str) -> None:
        """What the visitor of `address` left goes: storage, cookies, permissions, history, the mouse over a button."""
        if page.url.startswith(address):
            page.evaluate("sessionStorage.clear(), window.name = ''")
        page.goto("about:blank")
        page.mouse.move(0, 0)
        told = page.context.new_cdp_session(page)
        told.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
        told.send("Page.resetNavigationHistory")
        told.detach()
        page.context.clear_cookies()
        page.context.clear_permissions()
        self._free[self._kinds[page]].append(page)

    @property
    def alive(self) -> bool:
        return self._browser.is_connected()

    def close_lent(self) -> None:
        """Whatever was not given back, as after a test that failed."""
        free = {page.context for pages in self._free.values() for page in pages}
        for context in self._browser.contexts:
            if context not in free:
                context.close()
        self._kinds = {page: kind for page, kind in self._kinds.items() if page.context in free}
