//! What needs what: an order, or the loops that make one impossible.

use std::collections::VecDeque;

use cooper_hcl::Span;

/// Things that need each other, known by their numbers.
pub(crate) struct Graph {
    edges: Vec<Vec<Edge>>,
}

#[derive(Clone, Copy)]
struct Edge {
    to: usize,
    cause: Span,
}

/// A loop: every node needs the next, the last one the first.
pub(crate) type Cycle = Vec<(usize, Span)>;

impl Graph {
    /// A graph with so many nodes and no edge.
    pub(crate) fn new(nodes: usize) -> Self {
        Self { edges: (0..nodes).map(|_| Vec::new()).collect() }
    }

    /// States that one node needs another, and where that is written.
    pub(crate) fn need(&mut self, from: usize, to: usize, cause: Span) {
        self.edges[from].push(Edge { to, cause });
    }

    /// An order in which every node comes after all it needs, and the loops that it breaks. Takes
    /// time in proportion to the edges.
    pub(crate) fn order(&self) -> (Order, Vec<Cycle>) {
        let order = Order::of(&self.edges);
        let mut rest = order.clone();
        while let Some(node) = rest.ready.pop_front() {
            rest.meet(node);
        }
        let cycles = self.cycles(&rest.missing);
        (order, cycles)
    }

    /// One loop for each group of nodes that cannot be ordered. Follows, from every such node,
    /// its first need that cannot be met, until a node comes again.
    fn cycles(&self, missing: &[usize]) -> Vec<Cycle> {
        const NEVER: usize = usize::MAX;
        let mut walk_of = vec![NEVER; missing.len()];
        let mut cycles = Vec::new();
        for start in 0..missing.len() {
            let mut path: Vec<(usize, Span)> = Vec::new();
            let mut node = start;
            while missing[node] > 0 && walk_of[node] == NEVER {
                walk_of[node] = start;
                let unmet = |edge: &&Edge| missing[edge.to] > 0;
                let Some(edge) = self.edges[node].iter().find(unmet) else { break };
                path.push((node, edge.cause));
                node = edge.to;
            }
            if let Some(begin) = path.iter().position(|&(other, _)| other == node) {
                cycles.push(path.split_off(begin));
            }
        }
        cycles
    }
}

/// Nodes in an order in which each comes after what it needs, otherwise by number. A node counts as
/// met once it is [`Order::done`], so that several can be worked on at the same time.
#[derive(Clone, Default)]
pub(crate) struct Order {
    needed_by: Vec<Vec<usize>>,
    /// How many needs of each node are not met yet.
    missing: Vec<usize>,
    ready: VecDeque<usize>,
    /// How many were handed out and are not done.
    under_way: usize,
    /// Every node below was handed out or was ready once.
    cursor: usize,
}

impl Order {
    fn of(edges: &[Vec<Edge>]) -> Self {
        let mut needed_by = vec![Vec::new(); edges.len()];
        let mut missing = vec![0_usize; edges.len()];
        for (from, edges) in edges.iter().enumerate() {
            for edge in edges {
                needed_by[edge.to].push(from);
                missing[from] += 1;
            }
        }
        let ready = (0..missing.len()).filter(|&node| missing[node] == 0).collect();
        Self { needed_by, missing, ready, under_way: 0, cursor: 0 }
    }

    /// The next node; nothing at the end, or when every other one waits for one that is not done
    /// yet. Where only loops are left, one of their nodes comes first all the same.
    pub(crate) fn next(&mut self) -> Option<usize> {
        if self.ready.is_empty() && self.under_way == 0 {
            while self.missing.get(self.cursor) == Some(&0) {
                self.cursor += 1;
            }
            if let Some(missing) = self.missing.get_mut(self.cursor) {
                *missing = 0;
                self.ready.push_back(self.cursor);
            }
        }
        let node = self.ready.pop_front()?;
        self.under_way += 1;
        Some(node)
    }

    /// States that a node that was handed out is done.
    pub(crate) fn done(&mut self, node: usize) {
        self.under_way -= 1;
        self.meet(node);
    }

    fn meet(&mut self, node: usize) {
        for next in std::mem::take(&mut self.needed_by[node]) {
            // A node that was handed out to break a loop needs nothing any more.
            if self.missing[next] > 0 {
                self.missing[next] -= 1;
                if self.missing[next] == 0 {
                    self.ready.push_back(next);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph {
        let mut graph = Graph::new(nodes);
        for &(from, to) in edges {
            graph.need(from, to, Span::new(from as u32 + 1, to as u32 + 2));
        }
        graph
    }

    fn one_by_one(mut order: Order) -> Vec<usize> {
        let mut nodes = Vec::new();
        while let Some(node) = order.next() {
            nodes.push(node);
            order.done(node);
        }
        nodes
    }

    #[test]
    fn needs_come_first() {
        let (order, cycles) = graph(4, &[(0, 1), (1, 2), (3, 1)]).order();
        assert_eq!(one_by_one(order), [2, 1, 0, 3]);
        assert!(cycles.is_empty());
    }

    #[test]
    fn each_loop_is_found_once_and_every_node_comes() {
        let (order, cycles) = graph(6, &[(0, 1), (1, 2), (2, 1), (3, 3), (4, 0)]).order();
        let nodes: Vec<Vec<usize>> =
            cycles.iter().map(|cycle| cycle.iter().map(|&(node, _)| node).collect()).collect();
        assert_eq!(nodes, [vec![1, 2], vec![3]]);
        let mut order = one_by_one(order);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_waits_for_work_under_way_does_not_come() {
        let (mut order, _) = graph(4, &[(1, 0), (3, 2)]).order();
        assert_eq!([order.next(), order.next(), order.next()], [Some(0), Some(2), None]);
        order.done(2);
        assert_eq!([order.next(), order.next()], [Some(3), None]);
        order.done(3);
        order.done(0);
        assert_eq!([order.next(), order.next()], [Some(1), None]);
        order.done(1);
        assert_eq!(order.next(), None);
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let edges: Vec<_> = (0..100_000).map(|node| (node, node + 1)).collect();
        let (order, cycles) = graph(100_001, &edges).order();
        assert_eq!((one_by_one(order)[0], cycles.len()), (100_000, 0));
    }
}
