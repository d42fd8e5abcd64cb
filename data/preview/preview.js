/* What `clx build --watch --serve` adds to every page: it reloads at the reader's place, shows what is wrong, and follows the author. */
(function () {
    'use strict';
    var here = location.pathname;
    var placeKey = 'clx-place:' + here;
    var overlay = null;

    function cells() {
        return Array.prototype.slice.call(document.querySelectorAll('#notebook > .cell'));
    }

    /* The place is the topmost cell that is seen, by its text and number, and how far it is scrolled: both survive edits elsewhere. */
    function keepPlace() {
        var place = { y: window.scrollY, index: -1 };
        var all = cells();
        for (var i = 0; i < all.length; i++) {
            var box = all[i].getBoundingClientRect();
            if (box.bottom > 1) {
                place.index = i;
                place.text = all[i].textContent.slice(0, 500);
                place.offset = box.top;
                break;
            }
        }
        sessionStorage.setItem(placeKey, JSON.stringify(place));
    }

    function nearestWithText(all, place) {
        var best = null;
        for (var i = 0; i < all.length; i++)
            if (all[i].textContent.slice(0, 500) === place.text &&
                (best === null || Math.abs(i - place.index) < Math.abs(best - place.index)))
                best = i;
        return best;
    }

    function restorePlace() {
        var text = sessionStorage.getItem(placeKey);
        if (!text)
            return;
        sessionStorage.removeItem(placeKey);
        var place = JSON.parse(text), all = cells();
        var index = nearestWithText(all, place);
        if (index === null && place.index >= 0 && place.index < all.length)
            index = place.index;
        if (index === null)
            window.scrollTo({ top: place.y, behavior: 'instant' });
        else
            window.scrollBy({ top: all[index].getBoundingClientRect().top - place.offset, behavior: 'instant' });
    }

    function reload() {
        keepPlace();
        location.reload();
    }

    function element(name, style, text) {
        var made = document.createElement(name);
        made.style.cssText = style;
        if (text !== undefined)
            made.textContent = text;
        return made;
    }

    function showErrors(errors) {
        if (overlay)
            overlay.remove();
        overlay = null;
        if (errors.length === 0)
            return;
        overlay = element('div', 'position:fixed;inset:auto 0 0 0;max-height:60vh;overflow:auto;z-index:2147483647;background:#2b0b0b;' +
            'color:#ffe9e9;font:14px/1.5 ui-monospace,monospace;padding:12px 16px;border-top:4px solid #ff5c5c;white-space:pre-wrap');
        overlay.id = 'clx-errors';
        overlay.setAttribute('role', 'alert');
        var close = element('button', 'float:right;font:inherit;color:inherit;background:none;border:1px solid;cursor:pointer', 'close');
        close.onclick = function () { overlay.hidden = true; };
        overlay.appendChild(close);
        errors.forEach(function (error) {
            var place = error.file ? error.file + (error.line ? ':' + error.line + (error.col ? ':' + error.col : '') : '') : 'clx';
            var item = element('div', 'margin-bottom:8px');
            item.appendChild(element('b', 'color:#ff9c9c', place));
            item.appendChild(element('span', '', ' ' + error.message));
            if (error.hint)
                item.appendChild(element('div', 'opacity:.75;padding-left:2em', error.hint));
            overlay.appendChild(item);
        });
        document.body.appendChild(overlay);
    }

    function isFollowing() {
        return localStorage.getItem('clx-follow') !== 'no';
    }

    /* Of the pages of the edited source the one that is like the page that is open: the language, then the kind of the reader. */
    function choose(pages) {
        var like = JSON.parse(sessionStorage.getItem('clx-like') || '{}');
        function rank(page) {
            return (page.language === like.language ? 2 : 0) + (page.kind === (like.kind || 'completed') ? 1 : 0);
        }
        return pages.slice().sort(function (a, b) { return rank(b) - rank(a); })[0];
    }

    function follow(pages, changed) {
        if (pages.length === 0 || !isFollowing())
            return false;
        if (pages.some(function (page) { return page.url === here; }))
            return false;
        var page = choose(pages.filter(function (one) { return changed.indexOf(one.url) >= 0; }).concat(pages));
        location.assign(page.url);
        return true;
    }

    function onState(state) {
        showErrors(state.errors);
        document.dispatchEvent(new CustomEvent('clx-state', { detail: state }));
        var changed = state.changed.map(decodeURI);
        if (changed.indexOf(decodeURI(here)) >= 0)
            reload();
        else if (state.errors.length === 0)
            follow(state.follow, state.changed);
    }

    var lost = false, build = null;
    var events = new EventSource('/_clx/events');
    events.addEventListener('state', function (event) {
        var state = JSON.parse(event.data);
        document.documentElement.dataset.clxLive = 'yes';
        /* After a lost connection nobody knows what was missed. */
        if (lost && build !== state.build && here !== '/') {
            reload();
            return;
        }
        lost = false;
        build = state.build;
        onState(state);
    });
    events.onerror = function () { lost = true; };

    fetch('/_clx/pages.json').then(function (answer) { return answer.json(); }).then(function (pages) {
        var own = pages.filter(function (page) { return decodeURI(page.url) === decodeURI(here); })[0];
        if (own)
            sessionStorage.setItem('clx-like', JSON.stringify({ language: own.language, kind: own.kind }));
    });
    if ('scrollRestoration' in history)
        history.scrollRestoration = 'manual';
    if (document.readyState === 'complete')
        restorePlace();
    else
        window.addEventListener('load', restorePlace);
}());
