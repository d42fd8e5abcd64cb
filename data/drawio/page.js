/* Draws one page of a Draw.io file with the original's own code. draw(job) is called over the DevTools protocol; it answers with the size of the picture in
 * pixels, which is then taken from the screen or printed, or with the SVG. Errors that the author of the file must mend are {problem: text}. */
"use strict";

/* A reader of pictures has no use for links that run commands of the application. */
function prepareGraph(container)
{
    const graph = new Graph(container);
    graph.foldingEnabled = false;
    graph.setEnabled(false);
    const getLink = graph.getLinkForCell;
    graph.getLinkForCell = function (cell) {
        const link = getLink.apply(this, arguments);
        return link !== null && this.isCustomLink(link) ? null : link;
    };
    return graph;
}

function parseFile(job)
{
    const text = job.png !== undefined ? Editor.extractGraphModelFromPng("data:image/png;base64," + job.png) : job.text;
    if (!text)
        throw { problem: "there is no diagram in the picture" };
    const document = mxUtils.parseXml(text);
    const broken = document.getElementsByTagName("parsererror")[0];
    if (broken !== undefined)
        throw { problem: broken.textContent.trim().split("\n")[0] };
    const node = Editor.extractGraphModel(document.documentElement, true);
    if (node === null || node === undefined)
        throw { problem: "this is no Draw.io file" };
    return node;
}

/* The model of a page, counted from 1, and its name. */
function findPage(node, number)
{
    if (node.nodeName !== "mxfile") {
        if (number > 1)
            throw { problem: `there is no page ${number}: the file has 1` };
        return { model: node, name: "Page-1" };
    }
    const pages = node.getElementsByTagName("diagram");
    if (number > pages.length)
        throw { problem: `there is no page ${number}: the file has ${pages.length}` };
    const model = Editor.parseDiagramNode(pages[number - 1]);
    if (model === null || model === undefined)
        throw { problem: `page ${number} cannot be read` };
    return { model: model.ownerDocument.documentElement, name: pages[number - 1].getAttribute("name") || "Page-" + number };
}

/* Shows the layers that are named or numbered, and no others. */
function chooseLayers(graph, wanted)
{
    const model = graph.getModel(), layers = [];
    for (let i = 0; i < model.getChildCount(model.root); i++)
        layers.push(model.getChildAt(model.root, i));
    const chosen = wanted.map(word => {
        const layer = layers.find(one => graph.convertValueToString(one) === word) || layers[parseInt(word, 10) - 1];
        if (layer === undefined)
            throw { problem: `there is no layer '${word}'` };
        return layer;
    });
    for (const layer of layers)
        model.setVisible(layer, chosen.includes(layer));
}

function loadImage(source)
{
    return new Promise(resolve => {
        const image = new Image();
        image.onload = image.onerror = resolve;
        image.src = source;
    });
}

function listImages(root)
{
    const images = [];
    for (const [tag, attribute] of [["image", "xlink:href"], ["img", "src"]])
        for (const node of root.getElementsByTagName(tag))
            if (node.getAttribute(attribute))
                images.push({ node: node, attribute: attribute, source: node.getAttribute(attribute) });
    return images;
}

async function typesetMath(container)
{
    if (window.MathJax === undefined)
        await new Promise(resolve => {
            Editor.initMath("math/MathJax.js");
            const wait = () => window.MathJax !== undefined && MathJax.Hub !== undefined ? resolve() : setTimeout(wait, 10);
            wait();
        });
    await new Promise(resolve => {
        Editor.MathJaxRender(container);
        setTimeout(() => MathJax.Hub.Queue(resolve), 0);
    });
}

/* A picture that is looked at elsewhere carries what it shows. */
async function embedImages(root)
{
    const known = new Map();
    for (const image of listImages(root)) {
        if (image.source.startsWith("data:"))
            continue;
        if (!known.has(image.source))
            known.set(image.source, fetch(image.source).then(answer => answer.ok ? answer.blob() : null).then(blob => blob && new Promise(resolve => {
                const reader = new FileReader();
                reader.onload = () => resolve(reader.result);
                reader.readAsDataURL(blob);
            })).catch(() => null));
        const data = await known.get(image.source);
        if (data !== null)
            image.node.setAttribute(image.attribute, data);
    }
}

async function makeSvg(graph, job, background)
{
    const root = graph.getSvg(background, 1, job.border, false, null, true, null, null, null);
    if (graph.shadowVisible)
        graph.addSvgShadow(root);
    if (graph.mathEnabled)
        Editor.prototype.addMathCss(root);
    await embedImages(root);
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + mxUtils.getXml(root) + "\n";
}

/* The scale that is asked for, or the largest one at which the picture's sides are within the limit. */
function fitScale(job, bounds)
{
    const side = Math.max(bounds.width, bounds.height) + 2 * job.border;
    return side * job.scale <= job.limit ? job.scale : Math.floor((job.limit - 2) / side * 1000) / 1000;
}

async function drawPage(job)
{
    const page = findPage(parseFile(job), job.page);
    const container = document.createElement("div");
    document.body.innerHTML = "";
    document.body.appendChild(container);
    const graph = prepareGraph(container), model = page.model;
    const globalVariable = graph.getGlobalVariable;
    graph.getGlobalVariable = function (name) {
        return name === "page" ? page.name : name === "pagenumber" ? job.page : globalVariable.apply(this, arguments);
    };
    const picture = model.getAttribute("backgroundImage");
    if (picture !== null) {
        const given = JSON.parse(picture);
        graph.setBackgroundImage(new mxImage(given.src, given.width, given.height));
    }
    new mxCodec(model.ownerDocument).decode(model, graph.getModel());
    if (job.layers.length > 0)
        chooseLayers(graph, job.layers);
    const own = model.getAttribute("background");
    const background = job.transparent ? null : own && own !== "none" ? own : "#ffffff";
    const bounds = graph.getGraphBounds();
    const scale = job.format === "png" ? fitScale(job, bounds) : 1;
    graph.view.scaleAndTranslate(scale, job.border - bounds.x, job.border - bounds.y);
    const size = graph.getGraphBounds();
    const hasShadow = model.getAttribute("shadow") === "1";
    if (hasShadow) {
        graph.addSvgShadow(graph.view.canvas.ownerSVGElement, null, true);
        graph.setShadowVisible(true);
    }
    const answer = { scale: scale, width: Math.ceil(size.width + 2 * job.border * scale), height: Math.ceil(size.height + 2 * job.border * scale) };
    document.body.style.backgroundColor = background || "transparent";
    document.body.style.width = Math.ceil(answer.width) + "px";
    document.body.style.height = Math.ceil(answer.height) + "px";
    await Promise.all(listImages(container).map(image => loadImage(image.source)));
    graph.mathEnabled = model.getAttribute("math") === "1";
    if (graph.mathEnabled)
        await typesetMath(container);
    await document.fonts.ready;
    if (job.format === "svg")
        answer.svg = await makeSvg(graph, job, background);
    answer.isEmpty = size.width === 0 || size.height === 0;
    return answer;
}

async function draw(job)
{
    try {
        return await drawPage(job);
    } catch (error) {
        return { problem: error.problem || String(error.message || error) };
    }
}
