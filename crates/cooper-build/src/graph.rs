//! What needs what: an order, or the loops that make one impossible.

use std::collections::VecDeque;

use cooper_hcl::Span;

/// Things that need each other. A node is known by the order in which it was added.
pub(crate) struct Graph<N> {
    nodes: Vec<N>,
    edges: Vec<Vec<Edge>>,
}

#[derive(Clone, Copy)]
struct Edge {
    to: usize,
    cause: Span,
}

/// A loop: every node needs the next, the last one the first.
pub(crate) type Cycle = Vec<(usize, Span)>;

impl<N> Graph<N> {
    /// A graph with these nodes and no edge.
    pub(crate) fn new(nodes: impl IntoIterator<Item = N>) -> Self {
        let nodes: Vec<N> = nodes.into_iter().collect();
        let edges = nodes.iter().map(|_| Vec::new()).collect();
        Self { nodes, edges }
    }

    /// The node of that index.
    pub(crate) fn node(&self, index: usize) -> &N {
        &self.nodes[index]
    }

    /// States that one node needs another, and where that is written.
    pub(crate) fn need(&mut self, from: usize, to: usize, cause: Span) {
        self.edges[from].push(Edge { to, cause });
    }

    /// Every node after all it needs, otherwise in the order they were added; and the loops,
    /// whose nodes come last. Takes time in proportion to the edges.
    pub(crate) fn order(&self) -> (Vec<usize>, Vec<Cycle>) {
        let mut needed_by = vec![Vec::new(); self.nodes.len()];
        let mut missing = vec![0_usize; self.nodes.len()];
        for (from, edges) in self.edges.iter().enumerate() {
            for edge in edges {
                needed_by[edge.to].push(from);
                missing[from] += 1;
            }
        }
        let mut ready: VecDeque<usize> =
            (0..self.nodes.len()).filter(|&node| missing[node] == 0).collect();
        let mut order = Vec::with_capacity(self.nodes.len());
        while let Some(node) = ready.pop_front() {
            order.push(node);
            for &next in &needed_by[node] {
                missing[next] -= 1;
                if missing[next] == 0 {
                    ready.push_back(next);
                }
            }
        }
        let cycles =
            if order.len() < self.nodes.len() { self.cycles(&missing) } else { Vec::new() };
        order.extend((0..self.nodes.len()).filter(|&node| missing[node] > 0));
        (order, cycles)
    }

    /// One loop for each group of nodes that cannot be ordered. Follows, from every such node,
    /// its first need that cannot be met, until a node comes again.
    fn cycles(&self, missing: &[usize]) -> Vec<Cycle> {
        const NEVER: usize = usize::MAX;
        let mut walk_of = vec![NEVER; self.nodes.len()];
        let mut cycles = Vec::new();
        for start in 0..self.nodes.len() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph<usize> {
        let mut graph = Graph::new(0..nodes);
        for &(from, to) in edges {
            graph.need(from, to, Span::new(from as u32 + 1, to as u32 + 2));
        }
        graph
    }

    #[test]
    fn needs_come_first() {
        let (order, cycles) = graph(4, &[(0, 1), (1, 2), (3, 1)]).order();
        assert_eq!(order, [2, 1, 0, 3]);
        assert!(cycles.is_empty());
    }

    #[test]
    fn each_loop_is_found_once() {
        let (order, cycles) = graph(6, &[(0, 1), (1, 2), (2, 1), (3, 3), (4, 0)]).order();
        assert_eq!(order.len(), 6);
        let nodes: Vec<Vec<usize>> =
            cycles.iter().map(|cycle| cycle.iter().map(|&(node, _)| node).collect()).collect();
        assert_eq!(nodes, [vec![1, 2], vec![3]]);
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let edges: Vec<_> = (0..100_000).map(|node| (node, node + 1)).collect();
        let (order, cycles) = graph(100_001, &edges).order();
        assert_eq!((order[0], cycles.len()), (100_000, 0));
    }
}
